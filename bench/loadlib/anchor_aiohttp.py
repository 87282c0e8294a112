"""The anchor every developer has: a plain aiohttp passthrough, bytes untouched, as its own process.

Usage: `python anchor_aiohttp.py PORT UPSTREAM_URL`. The request body is read whole, because a length is cheaper to send
than chunks: the anchor is to be the fastest of the plain ways, not a straw man.
"""

import sys

import uvloop
from aiohttp import ClientSession, ClientTimeout, TCPConnector, web

NOT_FORWARDED = {"host", "connection", "keep-alive", "transfer-encoding", "content-length"}
NOT_RETURNED = NOT_FORWARDED - {"content-length"}


async def serve(upstream: str) -> web.Application:
    """Gives the application that hands every request to `upstream` and every piece of its answer back at once."""
    connector = TCPConnector(limit=0, keepalive_timeout=600)
    session = ClientSession(upstream, connector=connector, timeout=ClientTimeout(total=None), auto_decompress=False)

    async def forward(request: web.Request) -> web.StreamResponse:
        fields = {name: value for name, value in request.headers.items() if name.lower() not in NOT_FORWARDED}
        content = await request.read()
        async with session.request(request.method, request.path_qs, headers=fields, data=content) as answer:
            kept = {name: value for name, value in answer.headers.items() if name.lower() not in NOT_RETURNED}
            response = web.StreamResponse(status=answer.status, headers=kept)
            await response.prepare(request)
            async for data in answer.content.iter_any():
                await response.write(data)
            await response.write_eof()
            return response

    async def close(_: web.Application) -> None:
        await session.close()

    application = web.Application(client_max_size=64 * 1024 * 1024)
    application.router.add_route("*", "/{path:.*}", forward)
    application.on_cleanup.append(close)
    return application


if __name__ == "__main__":
    uvloop.install()
    listen_port = int(sys.argv[1])
    web.run_app(serve(sys.argv[2]), host="127.0.0.1", port=listen_port, access_log=None, backlog=4096, print=None)
