"""The catalogue as the holder of a key may see it: visible()."""

from dataclasses import replace

from relay.call import NO_POLICY, Identity
from relay.catalog import Generation, Model


def visible(generation: Generation, identity: Identity) -> Generation:
    """Give the catalogue with a key's aliases, and without the models and accounts that it may not use."""
    generation = _usable(generation, identity.name)
    policy = identity.policy
    if policy is NO_POLICY:
        return generation
    models = {name: model for name, model in generation.models.items() if policy.allows(name)}
    named = {name: name for name in policy.models if "*" not in name}
    for name, meant in (named | dict(policy.aliases)).items():
        found = generation.find(meant) if policy.allows(meant) else None
        if found is not None and name not in models:
            models[name] = replace(found[0], id=name)
    wildcards = tuple(model for model in generation.wildcards if policy.allows(model.id))
    return replace(generation, models=models, wildcards=wildcards)


def _usable(generation: Generation, key: str) -> Generation:
    """Leave out the accounts of other callers, and the models that nobody else serves."""

    def left(model: Model) -> Model:
        kept = tuple(each for each in model.endpoints if each.owner_key in (None, key))
        return model if len(kept) == len(model.endpoints) else replace(model, endpoints=kept)

    models = {name: each for name, model in generation.models.items() if (each := left(model)).endpoints}
    wildcards = tuple(each for model in generation.wildcards if (each := left(model)).endpoints)
    return replace(generation, models=models, wildcards=wildcards)
