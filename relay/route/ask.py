"""What a call wants of an endpoint: Ask; and who may be asked: Candidate."""

from relay.call import Call
from relay.catalog import PARAMETERS, Endpoint, Model
from relay.dialects import messages


class Candidate:
    """An endpoint that may answer, for one of the models that a call names.

    slug      what the client calls the model, without a variant of its own
    rank      of the model among those that are asked for, from 0
    """

    __slots__ = ("endpoint", "model", "rank", "slug", "upstream")

    def __init__(self, model: Model, endpoint: Endpoint, slug: str, matched: str | None, rank: int) -> None:
        self.model = model
        self.endpoint = endpoint
        self.slug = slug
        self.upstream = endpoint.model if matched is None else endpoint.model.replace("*", matched)
        self.rank = rank

    def blended_price(self) -> float | None:
        """Give dollars a million tokens, three of the prompt to one of the answer; None: unknown."""
        price = self.endpoint.price
        return None if price is None else (3 * price.prompt + price.completion) / 4e9


class Ask:
    """A call as the rules read it. What costs something to know is found out when a rule asks."""

    __slots__ = ("_call", "_input_tokens", "members", "preferences", "sort", "tier")

    def __init__(self, call: Call, sort: str | None, tier: str | None) -> None:
        self._call = call
        self._input_tokens = 0
        self.preferences = call.preferences
        self.sort = sort
        self.tier = tier
        self.members = {key for key, *_ in call.members}

    @property
    def session_id(self) -> str | None:
        return self._call.session_id

    @property
    def wants_tools(self) -> bool:
        return "tools" in self.members

    def input_tokens(self) -> int:
        """Estimate the prompt."""
        if not self._input_tokens:
            self._input_tokens = messages.input_tokens(self._call.content)
        return self._input_tokens

    def max_tokens(self) -> int | None:
        """Give the most that the answer may have, as the request says."""
        for key, _, _, start, end in self._call.members:
            if key == "max_tokens" and (value := self._call.content[start:end]) != b"null":
                return int(value)
        return None

    def lacks(self, endpoint: Endpoint) -> frozenset[str]:
        """Give the members of the request that an endpoint is known not to take."""
        if endpoint.parameters is None:
            return frozenset()
        return frozenset(
            name for name, word in PARAMETERS.items() if name in self.members and word not in endpoint.parameters
        )
