"""From what a client writes to models: resolve() (spec/openrouter-messages.md 12)."""

from typing import Final

from relay.catalog import Generation, Model

VARIANTS: Final = {"nitro": ("throughput", "priority"), "floor": ("price", "flex"), "exacto": ("exacto", None)}
"""Variants that any model has: how they sort, and the tier that they open beside the usual one."""


class Resolved:
    """A model, what `*` in its id stood for, what the client is told it is, and the variant of VARIANTS."""

    __slots__ = ("matched", "model", "slug", "variant")

    def __init__(self, model: Model, matched: str | None, slug: str, variant: str | None) -> None:
        self.model = model
        self.matched = matched
        self.slug = slug
        self.variant = variant


def resolve(name: str, generation: Generation) -> Resolved | None:
    """Find the model that a name means: as it stands, without a variant of VARIANTS, or as the newest of a family."""
    if name in generation.models:
        return Resolved(generation.models[name], None, name, None)
    if (thinking := generation.thinking.get(name)) is not None:
        return Resolved(thinking, None, thinking.id, None)
    base, _, variant = name.rpartition(":")
    if base and variant in VARIANTS:
        found = resolve(base, generation)
        return Resolved(found.model, found.matched, found.slug, variant) if found else None
    if name.startswith("~"):
        newest = _newest(name, generation)
        return Resolved(newest, None, newest.id, None) if newest else None
    wild = generation.find(name)
    if wild is None:
        return None
    model, matched = wild
    return Resolved(model, matched, name, None)


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
