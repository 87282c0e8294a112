"""From what a client writes to models: resolve() (spec/openrouter-messages.md 12)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from relay.catalog import Generation, Model
from relay.price import undated

VARIANTS: Final = {"nitro": ("throughput", "priority"), "floor": ("price", "flex"), "exacto": ("exacto", None)}
"""Variants that any model has: how they sort, and the tier that they open beside the usual one."""

_NO_ALIASES: Final[Mapping[str, str]] = {}


class Resolved:
    """A model, what `*` in its id stood for, what the client is told it is, and the variant of VARIANTS.

    is_alias   the key's aliases say what the name means
    """

    __slots__ = ("is_alias", "matched", "model", "slug", "variant")

    def __init__(self, model: Model, matched: str | None, slug: str, variant: str | None) -> None:
        self.is_alias = False
        self.model = model
        self.matched = matched
        self.slug = slug
        self.variant = variant


def resolve(name: str, generation: Generation, aliases: Mapping[str, str]) -> Resolved | None:
    """Find the model that a name means: as an alias, as it stands, without a variant, or as the newest of a family.

    aliases   of the key; what they lead to is no alias again
    """
    if name in aliases:
        found = resolve(aliases[name], generation, _NO_ALIASES)
        if found is not None:
            found.is_alias = True
        return found
    if name in generation.models:
        return Resolved(generation.models[name], None, name, None)
    if (thinking := generation.thinking.get(name)) is not None:
        return Resolved(thinking, None, thinking.id, None)
    base, _, variant = name.rpartition(":")
    if base and variant in VARIANTS:
        found = resolve(base, generation, aliases)
        if found is not None:
            found.variant = variant
        return found
    if name.startswith("~"):
        newest = _newest(name, generation)
        return Resolved(newest, None, newest.id, None) if newest else None
    wild = generation.find(name)
    if wild is None:
        return None
    model, matched = wild
    known = _released(name, model, matched, generation) if matched is not None else None
    return Resolved(model, matched, name, None) if known is None else Resolved(known, None, name, None)


def _released(name: str, model: Model, matched: str, generation: Generation) -> Model | None:
    """Give what is known of a model behind a `*` by its name without the day of its release: its price, above all."""
    known = generation.models.get(undated(name))
    if known is None or len(known.endpoints) != len(model.endpoints):
        return None
    endpoints = []
    for each, wild in zip(known.endpoints, model.endpoints, strict=True):
        upstream = wild.model.replace("*", matched)
        if each.provider != wild.provider or each.model != undated(upstream):
            return None
        endpoints.append(replace(each, model=upstream))
    return replace(known, id=name, endpoints=tuple(endpoints))


def _newest(name: str, generation: Generation) -> Model | None:
    """Find the newest model of `~author/family-latest`."""
    author, _, rest = name[1:].partition("/")
    family = rest.removesuffix("-latest")
    if family == rest:
        return None
    found = [
        model
        for model in generation.models.values()
        if model.family == family and (model.author or model.id.partition("/")[0]) == author
    ]
    return max(found, key=lambda model: (model.created, model.id), default=None)
