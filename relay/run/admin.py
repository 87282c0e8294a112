"""The admin interface on the ops port: whoever holds its token may ask (spec/operations.md 13, SEC-8).

Admin.guard() makes a route of what gives an answer: JSON out, errors in the envelope of the data port, one line each.
Add a route: give Admin.guard() what answers, and name it in the worker's routes.
"""

from collections.abc import Awaitable, Callable, Mapping
from hashlib import sha256
from hmac import compare_digest
from typing import Any

import orjson
from aiohttp import web

from relay.catalog import Secret
from relay.errors import CallerAuth, CallerInvalid, CallerTooLarge, RelayError

Answer = Callable[[bytes], Awaitable[Mapping[str, Any]]]
Handler = Callable[[web.Request], Awaitable[web.Response]]
Note = Callable[[str, int], None]


class Admin:
    """Lets in who sends the token as `Authorization: Bearer`.

    note   takes the path and the status of each answer
    """

    def __init__(self, token: Secret, note: Note) -> None:
        self._digest = sha256(token.reveal().encode()).digest()
        self._note = note

    def guard(self, answer: Answer) -> Handler:
        """Give the handler of a route; `answer` takes the request's content, and may raise RelayError."""

        async def handle(request: web.Request) -> web.Response:
            status, content = await self._answered(request, answer)
            self._note(request.path, status)
            return web.Response(body=orjson.dumps(content), status=status, content_type="application/json")

        return handle

    async def _answered(self, request: web.Request, answer: Answer) -> tuple[int, Mapping[str, Any]]:
        try:
            self._authorise(request)
            return 200, await answer(await request.read())
        except web.HTTPRequestEntityTooLarge:
            error: RelayError = CallerTooLarge("body: larger than a request may be")
        except web.RequestPayloadError:
            error = CallerInvalid("body: could not be read")
        except RelayError as refusal:
            error = refusal
        return error.status, error.envelope(None)

    def _authorise(self, request: web.Request) -> None:
        """Refuse a request without the token.

        raises   CallerAuth
        """
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        # Digests are compared: how long it takes tells nothing of the token, nor of its length.
        digest = sha256(token.strip().encode("utf-8", "surrogateescape")).digest()
        if not compare_digest(digest, self._digest) or scheme.lower() != "bearer":
            raise CallerAuth("no valid admin token: send it as `Authorization: Bearer`")
