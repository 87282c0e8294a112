"""What a call asks for: Wanted."""

from collections.abc import Sequence

from relay.errors import RelayError
from relay.route.auto import Choice
from relay.route.names import Resolved


class Wanted:
    """Models in the order of a call, each once.

    name     of the first, as the client wrote it
    choice   what stands for a router model that it names; None: it names none
    """

    __slots__ = ("choice", "models", "name")

    def __init__(self, name: str, models: list[Resolved]) -> None:
        self.name = name
        self.models = models
        self.choice: Choice | None = None

    def add(self, models: Sequence[Resolved]) -> None:
        """Add those that are new."""
        for each in models:
            if all(each.slug != other.slug for other in self.models):
                self.models.append(each)

    def choose(self, choice: Choice, variant: str | None) -> None:
        """Add what stands for a router model, which the call may name with a variant."""
        self.choice = self.choice or choice
        self.add([Resolved(each.model, None, each.slug, variant) for each in choice.models])

    @property
    def total(self) -> int:
        """How many endpoints there are, whether they may answer or not."""
        if self.choice is not None:
            return self.choice.total
        return sum([len(each.model.endpoints) for each in self.models])

    @property
    def slugs(self) -> list[str]:
        """What the client is told that the models are."""
        return [each.slug for each in self.models]

    @property
    def variant(self) -> str | None:
        """The variant of the first model."""
        return self.models[0].variant if self.models else None

    def refusal(self, docs_url: str) -> RelayError | None:
        """Give the error for models of which none is left; None: there are some."""
        return self.choice.refusal(docs_url) if self.choice is not None and not self.models else None

    def strategy(self, slug: str | None) -> str:
        """Give the word for how the model was found that answered; None: none did."""
        if slug is not None and self.models and slug != self.models[0].slug:
            return "fallback"
        if self.choice is not None:
            return self.choice.strategy
        if self.name.startswith("~"):
            return "latest"
        is_alias = "/" not in self.name or (bool(self.models) and self.models[0].is_alias)
        return "alias" if is_alias else "direct"
