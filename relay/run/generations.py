"""What serves, one loaded configuration after the other: Generations; and redactors(), what one asks for."""

from relay.catalog import Endpoint, Generation
from relay.config.settings import Loaded, Redaction
from relay.downstream import Service
from relay.gateway import Gateway
from relay.ledger import Ledger
from relay.redact.redaction import Redactors
from relay.route import Health, Router, Sticky
from relay.upstream import Note, Pools, Upstream


class Running:
    """What one configuration runs on."""

    __slots__ = ("redactors", "router", "service", "upstream")

    def __init__(self, service: Service, router: Router, redactors: Redactors, upstream: Upstream) -> None:
        self.service = service
        self.router = router
        self.redactors = redactors
        self.upstream = upstream


class Generations:
    """Builds what answers calls under a configuration, and lets go of it when its last call has ended (CFG-7).

    What is known of endpoints, where conversations stay, and connections outlive it (CFG-8).

    note      takes a level and a sentence for the log
    current   the one with which calls begin
    """

    def __init__(self, loaded: Loaded, health: Health, pools: Pools, ledger: Ledger, note: Note) -> None:
        self._health = health
        self._pools = pools
        self._ledger = ledger
        self._note = note
        self._sticky = Sticky()
        self._alive: list[Running] = []
        self.current = self.begin(loaded)

    def begin(self, loaded: Loaded) -> Running:
        """Give what can answer the calls of a configuration; it does when whoever asked makes it the current one."""
        generation = loaded.generation
        upstream = Upstream(generation.credentials, self._pools, self._note)
        upstream.keep(_endpoints(generation))
        router = Router(generation, self._health, sticky=self._sticky)
        redaction = redactors(loaded.settings.redaction)
        gateway = Gateway(generation, router, upstream, self._ledger, redaction)
        running = Running(Service(generation, gateway.serve), router, redaction, upstream)
        self._alive.append(running)
        return running

    @property
    def alive(self) -> int:
        """How many have calls, or may have."""
        return len(self._alive)

    def sweep(self) -> None:
        """Once a second: let go of those before the current one that are over."""
        before = self._alive[: self._alive.index(self.current)]
        for running in [each for each in before if not each.service.calls]:
            self._alive.remove(running)
            running.upstream.retire()


def _endpoints(generation: Generation) -> list[Endpoint]:
    models = (*generation.models.values(), *generation.wildcards, *generation.thinking.values())
    return [endpoint for model in models for endpoint in model.endpoints]


def redactors(told: Redaction) -> Redactors:
    """Give the redaction that a configuration asks for."""
    key = told.hash_key.reveal().encode() if told.hash_key else None
    return Redactors(told.floor, key, told.is_strict, told.hold_max)
