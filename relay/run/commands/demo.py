"""`relay demo`: the embedded provider as a process of its own."""

import asyncio
import signal

import click

from relay.run.commands import EXIT_UNAVAILABLE, an_address


@click.command(short_help="Run the embedded provider by itself.")
@click.option("--listen", metavar="ADDR", callback=an_address, default="127.0.0.1:8081", show_default=True)
@click.pass_context
def demo(ctx: click.Context, listen: str) -> None:
    """Run the embedded provider by itself until SIGTERM or SIGINT.

    It needs no credential and no network: a provider to try relay against. Port 0 takes a free one.
    """
    try:
        asyncio.run(_serve(listen))
    except OSError as fault:
        click.echo(f"relay: can't listen on {listen}: {fault.strerror}", err=True)
        ctx.exit(EXIT_UNAVAILABLE)


async def _serve(listen: str) -> None:
    from relay.config.settings import Address
    from relay.run.demo import DemoServer

    address = Address.parse(listen)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    server = DemoServer()
    port = await server.start(address.host, address.port)
    click.echo(f"demo provider on http://{Address(address.host, port)}")
    try:
        await stop.wait()
    finally:
        await server.stop()
