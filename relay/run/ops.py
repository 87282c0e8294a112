"""The ops port: health for orchestrators (spec/operations.md 3), and /admin. Depends on nothing outside the process."""

import logging
from collections.abc import Callable, Mapping

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from relay.downstream import Refused
from relay.errors import CallerInvalid
from relay.run.admin import Handler

State = Callable[[], tuple[str, int, str]]


def application(state: State, admin: Mapping[str, Handler], body_limit_bytes: int) -> web.Application:
    """Give the ops application.

    state    gives (`starting`, `ready` or `draining`; calls in flight; first digits of the configuration's digest)
    admin    by path what answers POST there
    """

    def body(name: str, in_flight: int, config: str, reasons: list[str]) -> dict[str, object]:
        workers = {"alive": 1, "want": 1}
        status = "ok" if not reasons else "unavailable"
        return {
            "status": status,
            "state": name,
            "config": config,
            "workers": workers,
            "in_flight": in_flight,
            "reasons": reasons,
        }

    async def live(_: web.Request) -> web.Response:
        return web.json_response(body(*state(), []))

    async def ready(_: web.Request) -> web.Response:
        name, in_flight, config = state()
        reasons = [] if name == "ready" else [name]
        return web.json_response(body(name, in_flight, config, reasons), status=200 if not reasons else 503)

    app = web.Application(client_max_size=body_limit_bytes)
    for path, handler in admin.items():
        app.router.add_post(path, handler)
    for path in ("/livez", "/healthz", "/health/liveness", "/startupz"):
        app.router.add_get(path, live)
    for path in ("/readyz", "/health/readiness"):
        app.router.add_get(path, ready)
    return app


class _Faults(logging.Handler):
    """Makes relay's own lines of what aiohttp logs, whose words quote the request: a token may be in it (SEC-9)."""

    def __init__(self, refused: Refused) -> None:
        super().__init__()
        self._refused = refused

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, HttpProcessingError | web.RequestPayloadError):
            self._refused.note(CallerInvalid("the request is not well-formed"), "", None)
        else:
            self._refused.defect(error if isinstance(error, Exception) else RuntimeError(), None)


def log_of(refused: Refused) -> logging.Logger:
    """Give the logger for whoever serves the ops application."""
    logger = logging.Logger("relay.ops", logging.ERROR)
    logger.addHandler(_Faults(refused))
    return logger
