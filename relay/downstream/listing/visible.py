"""The catalogue as the holder of a key may see it: visible()."""

from dataclasses import replace

from relay.call import NO_POLICY, Policy
from relay.catalog import Generation


def visible(generation: Generation, policy: Policy) -> Generation:
    """Give the catalogue with a key's aliases, and without the models that it may not ask for."""
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
