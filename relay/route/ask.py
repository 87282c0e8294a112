"""What a call wants of an endpoint: Ask; and who may be asked: Candidate, from the Roster."""

from collections.abc import Sequence
from typing import Final

from relay.call import Call
from relay.catalog import PARAMETERS, Endpoint, Model
from relay.dialects import messages, needs
from relay.route.names import Resolved

_ABSENT: Final = (b"null", b"[]")
_NOTHING: Final[frozenset[str]] = frozenset()


class Names:
    """What lists may call an endpoint, in lower case (spec/openrouter-messages.md 9.1).

    usual      by its provider, unless it is of a tier, or in full
    in_full    by its provider and its variant, region or tier
    provider   by its provider, of whichever tier
    every      all of them
    """

    __slots__ = ("every", "in_full", "provider", "usual")

    def __init__(self, endpoint: Endpoint) -> None:
        self.provider = frozenset({endpoint.provider.lower(), endpoint.display_name.lower()})
        places = [place.lower() for place in (endpoint.variant, endpoint.region, endpoint.tier) if place]
        self.in_full = frozenset(f"{name}/{place}" for name in self.provider for place in places)
        self.every = self.in_full | self.provider
        self.usual = self.every if endpoint.tier == "default" else self.in_full


class Candidate:
    """An endpoint that may answer, for one of the models that a call names.

    slug      what the client calls the model, without a variant of its own
    rank      of the model among those that are asked for, from 0
    """

    __slots__ = ("endpoint", "model", "names", "rank", "slug", "upstream")

    def __init__(
        self, model: Model, endpoint: Endpoint, names: Names, slug: str, matched: str | None, rank: int
    ) -> None:
        self.model = model
        self.endpoint = endpoint
        self.names = names
        self.slug = slug
        self.upstream = endpoint.model if matched is None else endpoint.model.replace("*", matched)
        self.rank = rank

    def blended_price(self) -> float | None:
        """Give dollars a million tokens, three of the prompt to one of the answer; None: unknown."""
        price = self.endpoint.price
        return None if price is None else (3 * price.prompt + price.completion) / 4e9


class Roster:
    """Everybody who may be asked, over one configuration generation."""

    def __init__(self) -> None:
        self._names: dict[str, Names] = {}  # by endpoint id

    def candidates(self, models: Sequence[Resolved]) -> list[Candidate]:
        """Give the endpoints of models, ranked as these are."""
        return [
            Candidate(each.model, endpoint, self.names(endpoint), each.slug, each.matched, rank)
            for rank, each in enumerate(models)
            for endpoint in each.model.endpoints
        ]

    def names(self, endpoint: Endpoint) -> Names:
        """Give what lists may call an endpoint."""
        names = self._names.get(endpoint.id)
        if names is None:
            names = self._names[endpoint.id] = Names(endpoint)
        return names


class Ask:
    """A call as the rules read it. What costs something to know is found out when a rule asks."""

    __slots__ = (
        "_call",
        "_input_tokens",
        "_lacking",
        "_modalities",
        "_server_tools",
        "members",
        "preferences",
        "sort",
        "tier",
    )

    def __init__(self, call: Call, sort: str | None, tier: str | None) -> None:
        self._call = call
        self._input_tokens = 0
        self._lacking: dict[frozenset[str], frozenset[str]] = {}  # by what is taken: many endpoints take the same
        self._modalities: frozenset[str] | None = None
        self._server_tools: frozenset[str] | None = None
        self.preferences = call.preferences
        self.sort = sort
        self.tier = tier
        self.members = {
            key for key, _, _, start, end in call.members if call.content[start : min(end, start + 5)] not in _ABSENT
        }
        if "output_config" in self.members:
            self.members.update(needs.settings(self._member("output_config")))

    @property
    def key(self) -> str:
        """The name of the caller's key."""
        return self._call.identity.name

    @property
    def has_credential(self) -> bool:
        """The caller sent its own credential for a provider."""
        return self._call.credential is not None

    @property
    def size(self) -> int:
        return self._call.size

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

    def tools_tokens(self) -> int:
        """Estimate what of the prompt are tools."""
        return messages.input_tokens(self._member("tools")) if self.wants_tools else 0

    def max_tokens(self) -> int | None:
        """Give the most that the answer may have, as the request says."""
        value = self._member("max_tokens")
        return int(value) if value not in (b"", b"null") else None

    def _member(self, name: str) -> bytes:
        """Give the value of a member as it was sent; empty: there is none."""
        for key, _, _, start, end in self._call.members:
            if key == name:
                return self._call.content[start:end]
        return b""

    def modalities(self) -> frozenset[str]:
        """Give what the request holds beside text."""
        if self._modalities is None:
            self._modalities = needs.modalities(self._call.content)
        return self._modalities

    def server_tools(self) -> frozenset[str]:
        """Give the tools of the provider that the request names."""
        if self._server_tools is None:
            self._server_tools = needs.server_tools(self._member("tools")) if self.wants_tools else _NOTHING
        return self._server_tools

    def suits(self, endpoint: Endpoint, member: str, ability: str | None) -> bool:
        """Tell whether an endpoint may take a member of the request: nothing says that it does not."""
        if endpoint.parameters is not None or ability is None or endpoint.abilities is None:
            return member not in self.lacks(endpoint)
        return ability in endpoint.abilities

    def lacks(self, endpoint: Endpoint) -> frozenset[str]:
        """Give the members of the request that an endpoint is known not to take."""
        taken = endpoint.parameters
        if taken is None:
            return _NOTHING
        lacking = self._lacking.get(taken)
        if lacking is None:
            lacking = frozenset(
                [name for name, words in PARAMETERS.items() if name in self.members and taken.isdisjoint(words)]
            )
            self._lacking[taken] = lacking
        return lacking
