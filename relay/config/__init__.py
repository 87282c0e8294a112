"""Configuration: a file (or none) and the environment in, one frozen Loaded value out, or ConfigError with all faults.

load(path, known, environ, …)    a file
fileless(environ, known, key)    no file: `demo/*` and the providers whose usual variable is set
relocate(generation, …)          the embedded provider's address, once it listens
Nothing else of relay reads the file or the environment. Secrets are read here, once.
"""

from relay.config.build import needs_demo, relocate
from relay.config.faults import ConfigError, Fault
from relay.config.load import EMBEDDED, fileless, load, new_key, parse
from relay.config.settings import Address, ClientTimeouts, Loaded, LogFormat, Redaction, Settings, Stream

__all__ = [
    "EMBEDDED",
    "Address",
    "ClientTimeouts",
    "ConfigError",
    "Fault",
    "Loaded",
    "LogFormat",
    "Redaction",
    "Settings",
    "Stream",
    "fileless",
    "load",
    "needs_demo",
    "new_key",
    "parse",
    "relocate",
]
