"""What answers cost: Price, and Cost, which it gives for a Usage (spec/openrouter-messages.md 17).

Money is integer nano-dollars and prices are nano-dollars per million tokens; a cost is rounded once, to whole
nano-dollars. An unknown price is None, never 0.
"""

import re
from dataclasses import dataclass
from typing import Final

NANO: Final = 1_000_000_000
NANO_PLACES: Final = 9
MILLION: Final = 1_000_000
_QUARTERS: Final = 4 * MILLION  # a write for 5 minutes costs five quarters of a token: what adds up are quarters
_DATED: Final = re.compile(r"(?:[-@][0-9]{8}|-[0-9]{4}-[0-9]{2}-[0-9]{2}|-latest)$")
Usage = dict[str, int | str]
"""What an answer used, by the flat names of `_core.Meter.usage`."""


@dataclass(frozen=True, slots=True)
class Price:
    """Nano-dollars per million tokens of each kind; `request` and `image` are nano-dollars each.

    cache_read      None: as prompt
    cache_write_5m, cache_write_1h   None: 1.25 and 2 × prompt where caching `is_explicit`, else as prompt
    image, audio    None: no fee of their own
    long_context    (tokens, price), the highest first: prompts of more tokens cost that instead
    """

    prompt: int
    completion: int
    cache_read: int | None = None
    cache_write_5m: int | None = None
    cache_write_1h: int | None = None
    request: int = 0
    image: int | None = None
    audio: int | None = None
    is_explicit: bool = True
    long_context: tuple[tuple[int, "Price"], ...] = ()

    @property
    def is_nothing(self) -> bool:
        """Nothing costs anything, however long the prompt is."""
        caches = (self.cache_read, self.cache_write_5m, self.cache_write_1h)
        fees = (self.prompt, self.completion, self.request, self.image, self.audio, *caches)
        return not any(fees) and all(price.is_nothing for _, price in self.long_context)

    def at(self, input_tokens: int) -> "Price":
        """Give the price of a prompt of so many tokens, cached ones included."""
        for above, price in self.long_context:
            if input_tokens > above:
                return price
        return self

    def cost(self, usage: Usage, images: int = 0) -> "Cost":
        """Give what `usage` costs, for a request with so many images."""
        plain, read = count(usage, "input_tokens"), count(usage, "cache_read_input_tokens")
        minutes, hour = _written(usage) if writes(usage) else _NOTHING
        price = self.at(plain + read + minutes + hour) if self.long_context else self
        prompt = 4 * plain * price.prompt
        if read:
            prompt += read * price._read()
        if minutes or hour:
            prompt += minutes * price._write_5m() + hour * price._write_1h()
        completion = 4 * count(usage, "output_tokens") * price.completion
        fees = price.request + (images * price.image if images and price.image else 0)
        total = _rounded(prompt + completion) + fees
        prompt_nanousd = _rounded(prompt)
        return Cost(total, prompt_nanousd, total - prompt_nanousd - fees)

    def discount(self, usage: Usage) -> int | None:
        """Give what the provider's cache saved, less than 0 when writing to it cost more; None: it was not used."""
        read = count(usage, "cache_read_input_tokens")
        minutes, hour = _written(usage) if writes(usage) else _NOTHING
        if not read and not minutes and not hour:
            return None
        price = self.at(count(usage, "input_tokens") + read + minutes + hour)
        full = 4 * price.prompt
        saved = read * (full - price._read())
        return _rounded(saved + minutes * (full - price._write_5m()) + hour * (full - price._write_1h()))

    def _read(self) -> int:
        """Quarters of a nano-dollar, as the next ones."""
        return 4 * (self.prompt if self.cache_read is None else self.cache_read)

    def _write_5m(self) -> int:
        if self.cache_write_5m is None:
            return self.prompt * (5 if self.is_explicit else 4)
        return 4 * self.cache_write_5m

    def _write_1h(self) -> int:
        if self.cache_write_1h is None:
            return self.prompt * (8 if self.is_explicit else 4)
        return 4 * self.cache_write_1h


class Cost:
    """Integer nano-dollars of one attempt: what its call pays, and the two token parts (the rest is fees).

    upstream_nanousd   what a caller pays their own provider beside that; the parts are of it then. None: nothing
    """

    __slots__ = ("completion_nanousd", "prompt_nanousd", "total_nanousd", "upstream_nanousd")

    def __init__(
        self, total_nanousd: int, prompt_nanousd: int, completion_nanousd: int, upstream_nanousd: int | None = None
    ) -> None:
        self.total_nanousd = total_nanousd
        self.prompt_nanousd = prompt_nanousd
        self.completion_nanousd = completion_nanousd
        self.upstream_nanousd = upstream_nanousd


_NOTHING: Final = (0, 0)
FREE: Final = Cost(0, 0, 0)


def count(usage: Usage, name: str) -> int:
    """Give a number of a usage, 0 where it is not told."""
    value = usage.get(name, 0)
    return value if isinstance(value, int) else 0


def writes(usage: Usage) -> bool:
    """Tell whether something was written to a cache, as far as is told."""
    told = usage.get("cache_creation_input_tokens")
    if told is not None:
        return told != 0
    return "cache_creation_5m_input_tokens" in usage or "cache_creation_1h_input_tokens" in usage


def _written(usage: Usage) -> tuple[int, int]:
    """Give the tokens that were written to the cache, for 5 minutes and for an hour; the sum that is told decides."""
    hour = count(usage, "cache_creation_1h_input_tokens")
    if "cache_creation_input_tokens" not in usage:
        return count(usage, "cache_creation_5m_input_tokens"), hour
    written = count(usage, "cache_creation_input_tokens")
    hour = min(hour, written)
    return written - hour, hour


def _rounded(quarters: int) -> int:
    """Give an amount (quarters of a nano-dollar × tokens per million) in nano-dollars, half up."""
    return (quarters + _QUARTERS // 2) // _QUARTERS


def undated(model: str) -> str:
    """Give a provider's name for a model without the date of its release, or `latest`, behind it."""
    if not (model[-8:].isdigit() or model[-3:-2] == "-" or model.endswith("-latest")):
        return model  # as nearly every name: the expression costs each call a hundredth
    return _DATED.sub("", model)
