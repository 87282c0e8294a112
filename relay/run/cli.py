"""The command line: `relay …`.

Results go to stdout, messages to stderr. Exit codes: 0 fine, 1 failed or findings, 2 wrong usage, 69 a needed service
can't be reached or an address can't be listened on, 73 can't write, 75 flush incomplete, 78 configuration invalid,
128+n ended by signal n. Commands import what they need when they run, so that the others start quickly.
"""

import errno
import os
import sys
from collections.abc import Sequence

import click

from relay.run.commands import EXIT_CANT_WRITE, EXIT_FAILED
from relay.run.commands.about import completion, version
from relay.run.commands.check import check
from relay.run.commands.config import config
from relay.run.commands.demo import demo
from relay.run.commands.explain import explain
from relay.run.commands.keys import keys
from relay.run.commands.providers import providers
from relay.run.commands.redact import redact
from relay.run.commands.serve import serve
from relay.run.commands.trial import trial
from relay.run.commands.usage import usage

EXIT_INTERRUPTED = 130
_WRITE_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG}


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def relay() -> None:
    """A streaming gateway for language models.

    Configuration: -c FILE, else RELAY_CONFIG, else ./relay.yaml, else /etc/relay/relay.yaml, else none: the embedded
    provider and those whose usual variable (ANTHROPIC_API_KEY, …) is set.
    """


for command in (serve, check, explain, trial, usage, providers, demo, redact, keys, config, version, completion):
    relay.add_command(command)


def main() -> None:
    """Run the command line and end the process with its exit code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command line; give its exit code."""
    try:
        code = relay.main(args=list(arguments), prog_name="relay", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as fault:
        fault.show()
        return fault.exit_code
    except click.Abort:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        _silence()
        return EXIT_FAILED
    except OSError as fault:
        if fault.errno not in _WRITE_ERRORS:
            raise
        click.echo(f"relay: can't write: {fault.strerror}", err=True)
        _silence()
        return EXIT_CANT_WRITE
    return code if isinstance(code, int) else 0


def _silence() -> None:
    """Let the interpreter's own last flush go nowhere instead of failing once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
