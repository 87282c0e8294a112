"""What routing would make of a call, for people: Explanation."""

from collections.abc import Iterable, Sequence
from math import ceil

from relay.catalog import Attempt
from relay.errors import RelayError
from relay.route.ask import Ask, Candidate
from relay.route.plan import attempt_at
from relay.route.wanted import Wanted


class Explanation:
    """Who would be tried, and why nobody else.

    wanted   the models that are asked for
    tried    in this order
    losers   each endpoint that would not be, the word of what left it out, and why
    error    what the client would read instead, when nobody is left
    """

    __slots__ = ("_ask", "error", "losers", "tried", "wanted")

    def __init__(self, ask: Ask, wanted: Wanted) -> None:
        self._ask = ask
        self.wanted = wanted
        self.tried: list[Candidate] = []
        self.losers: list[tuple[Candidate, str, str]] = list(wanted.choice.losers) if wanted.choice else []
        self.error: RelayError | None = None

    def pass_over(self, candidates: Sequence[Candidate], why: str) -> None:
        """Add endpoints that the rules would let answer."""
        self.losers += [(each, "order", why) for each in candidates]

    def leave_alone(self, waits: Iterable[tuple[Candidate, float]]) -> None:
        """Add those of these endpoints that asked to be left alone for some seconds more."""
        self.losers += [
            (each, "rest", f"it asked to be left alone for {ceil(wait)} s more") for each, wait in waits if wait
        ]

    @property
    def available(self) -> Sequence[Candidate]:
        """Who would be tried."""
        return self.tried

    @property
    def total(self) -> int:
        """How many endpoints the models have that the call asks for."""
        return self.wanted.total

    def attempts(self) -> list[Attempt]:
        """Give the attempts as they would be made."""
        return [attempt_at(number, each, self._ask) for number, each in enumerate(self.tried, 1)]

    def input_tokens(self) -> int:
        """Estimate the prompt."""
        return self._ask.input_tokens()

    def most_nanousd(self, attempt: Attempt) -> int | None:
        """Give what an attempt costs at most if the estimate of the prompt holds; None: its price is not known."""
        price = attempt.endpoint.price
        if price is None:
            return None
        most = attempt.max_tokens or self._ask.max_tokens() or attempt.endpoint.default_max_tokens
        return price.cost({"input_tokens": self.input_tokens(), "output_tokens": most}).total_nanousd
