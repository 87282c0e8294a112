"""What models cost, by lists: Prices, from the operator's file and from relay's own (`relay/data/prices.json`).

Both have one shape, PriceFile: provider → model → rows, each with the day from which it holds. A row is found by the
exact name of a model, else by its name without a date; nothing is guessed, and a hole stays a hole.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from relay.config.explain import faults_of
from relay.config.faults import ConfigError, Fault
from relay.config.section import Line, ModelName, Name, Section, Tokens
from relay.config.serving import Price
from relay.config.source import read
from relay.config.values import Value, refusal
from relay.price import undated


class Day(Value):
    """`2026-11-23`; a date inside."""

    def read(self, value: object) -> date:
        try:
            return value if isinstance(value, date) else date.fromisoformat(value if isinstance(value, str) else "")
        except ValueError as cause:
            raise refusal("must be a day, such as 2026-11-23") from cause

    def write(self, value: date) -> str:
        return value.isoformat()

    def describe(self) -> dict[str, Any]:
        return {"type": "string", "format": "date"}


class Row(Price):
    """A price, from one day on, for one tier."""

    from_: Annotated[date, Day()] | None = Field(default=None, alias="from")
    """The first day on which it holds (UTC); absent: since ever."""
    tier: Literal["default", "flex", "priority"] = "default"
    """The service tier that it is for."""


class Priced(Section):
    """What one model costs."""

    also: list[ModelName] = Field(default=[], max_length=64)
    """Other names of it."""
    context_tokens: Tokens | None = None
    """Its window."""
    prices: Annotated[list[Row], Field(min_length=1)]
    """By day and tier; of those that hold the last of a tier counts."""


_LISTED = {
    "amazon-bedrock": "aws",
    "google-ai-studio": "google",
    "google-vertex": "google",
    "google-vertex-anthropic": "google",
    "xai": "x-ai",
    "z-ai": "zai",
}
"""Providers whose prices stand in relay's own list under another name, that of their house."""


class PriceFile(Section):
    """A list of prices."""

    version: Line
    """What records call it."""
    providers: dict[Name, dict[ModelName, Priced]]
    """By the provider's key in `providers`, and its own name for the model."""


class Table:
    """One list, with its models by all their names; `version` ends in the first digits of its digest."""

    def __init__(self, file: PriceFile, content: bytes) -> None:
        self.version = f"{file.version} ({hashlib.sha256(content).hexdigest()[:12]})"
        self._models = {provider: _by_name(models) for provider, models in file.providers.items()}

    def find(self, provider: str, model: str) -> Priced | None:
        """Give what is said of a model under its exact name, else under that without a date."""
        models = self._models.get(provider, {})
        return models.get(model) or models.get(undated(model))


def _by_name(models: Mapping[str, Priced]) -> dict[str, Priced]:
    found = dict(models)
    for name, model in models.items():
        for other in (*model.also, undated(name)):
            found.setdefault(other, model)
    return found


class Prices:
    """Lists, of which the first that knows a model says what it costs on one day."""

    def __init__(self, tables: Sequence[Table], today: date) -> None:
        self._tables = tables
        self._today = today

    @property
    def version(self) -> str:
        """Give the versions of all lists."""
        return ", ".join(table.version for table in self._tables)

    def find(self, provider: str, model: str, tier: str) -> Price | None:
        """Give the price of a provider's model in a tier; None: nobody says."""
        priced = self._known(provider, model)
        rows = [row for row in priced.prices if row.tier == tier and self._holds(row)] if priced else []
        return max(reversed(rows), key=lambda row: row.from_ or date.min, default=None)

    def context_tokens(self, provider: str, model: str) -> int | None:
        """Give the window of a provider's model; None: nobody says."""
        priced = self._known(provider, model)
        return priced.context_tokens if priced else None

    def _known(self, provider: str, model: str) -> Priced | None:
        found = (table.find(provider, model) for table in self._tables)
        return next((priced for priced in found if priced is not None), None)

    def _holds(self, row: Row) -> bool:
        return row.from_ is None or row.from_ <= self._today


def own(providers: Collection[str]) -> Table:
    """Give relay's own list, as far as it is of these providers."""
    content = files("relay").joinpath("data/prices.json").read_bytes()
    data = json.loads(content)
    listed = data["providers"]
    data["providers"] = {name: listed[place] for name in providers if (place := _LISTED.get(name, name)) in listed}
    return Table(PriceFile.model_validate(data), content)


def load(path: Path, name: str) -> Table:
    """Give the list of a file; raises ConfigError with everything that is wrong with it.

    name   how its faults call the file
    """
    try:
        content = path.read_bytes()
    except OSError as cause:
        reason = f"the file can't be read: {(cause.strerror or 'unknown error').lower()}"
        raise ConfigError([Fault(name, None, "", reason)]) from cause
    source, faults = read(content, name)
    try:
        file = PriceFile.model_validate(source.data)
    except ValidationError as error:
        raise ConfigError([*faults, *faults_of(error, source, PriceFile)]) from error
    if faults:
        raise ConfigError(faults)
    return Table(file, content)
