"""Models in the Messages shape: for_messages(), and as_messages() for one of them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from relay.catalog import Generation, Model
from relay.downstream.listing.filters import MOST, number


def for_messages(generation: Generation, parameters: Mapping[str, str]) -> dict[str, Any]:
    """Give a page of models; `limit`, `after_id`, `before_id` as the API has them.

    raises   CallerInvalid for a limit that is none
    """
    models = list(generation.models.values())
    ids = [model.id for model in models]
    if (after := parameters.get("after_id")) in ids:
        models = models[ids.index(str(after)) + 1 :]
    elif (before := parameters.get("before_id")) in ids:
        models = models[: ids.index(str(before))]
    page = models[: number(parameters, "limit", 20, 1, MOST)]
    return {
        "data": [as_messages(model) for model in page],
        "has_more": len(page) < len(models),
        "first_id": page[0].id if page else None,
        "last_id": page[-1].id if page else None,
    }


def as_messages(model: Model) -> dict[str, Any]:
    """Give one model."""
    created = datetime.fromtimestamp(model.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"type": "model", "id": model.id, "display_name": model.id, "created_at": created}
