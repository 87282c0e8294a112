"""`relay version` and `relay completion`."""

import json
import platform

import click
from click.shell_completion import get_completion_class

from relay import __version__
from relay.run.commands import json_option


@click.command(short_help="Print the version.")
@json_option
def version(as_json: bool) -> None:
    """Print the version of relay."""
    facts = {"name": "relay", "version": __version__, "python": platform.python_version()}
    click.echo(json.dumps(facts) if as_json else f"relay {facts['version']}")


@click.command(short_help="Print a completion script for a shell.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print a completion script for SHELL.

    \b
    source <(relay completion bash)
    relay completion zsh > ~/.zfunc/_relay
    relay completion fish > ~/.config/fish/completions/relay.fish
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise click.BadParameter(f"no completion for {shell}")
    click.echo(kind(ctx.find_root().command, {}, "relay", "_RELAY_COMPLETE").source())
