"""Names that the contracts know and this version does not act on: refused by name, never silently ignored.

Whoever builds one deletes its row. Each phrase finishes the sentence `this version of relay …`.
"""

from collections.abc import Mapping

_ENDPOINT: Mapping[str, str] = {
    "weight": "does not weigh endpoints yet",
    "cancel_stops_billing": "does not account for cancelled calls by endpoint yet",
    "compress_by_default": "does not compress prompts yet",
}

UNBUILT: Mapping[str, Mapping[str, str]] = {
    "File": {
        "admission": "has no waiting queue yet",
        "affinity": "has fixed rules for keeping conversations at an endpoint",
        "audit": "keeps no audit log yet",
        "beta": "has no rules for betas yet",
        "budget": "has no budgets yet",
        "disconnect": "always cancels upstream when the client leaves",
        "headers": "has no header rules yet",
        "include": "does not read further files yet",
        "network": "has no network rules yet",
        "ready": "has no readiness rules yet",
        "reload": "reads its configuration again on SIGHUP only",
        "semantic": "has no semantic engine yet",
        "telemetry": "does not export telemetry yet",
        "tenants": "has no tenants yet",
        "tls": "does not terminate TLS",
        "worker": "does not recycle workers",
        "workers": "runs one worker",
    },
    "Pool": {
        "acquire": "waits one second for a connection",
        "idle": "keeps idle connections for 60 s",
        "max_age": "keeps connections for 10 minutes",
    },
    "Ops": {"mirror_health": "does not mirror health on the data port yet"},
    "Key": {
        "budget": "has no budgets yet",
        "class": "has no classes of calls yet",
        "tenant": "has no tenants yet",
    },
    "KeyRing": {
        "cut_on_revoke": "lets calls of a revoked key end",
        "file": "keeps keys inline or in a store",
        "refresh": "looks for changed keys every 3 s",
    },
    "Reference": {"exec": "does not run commands for secrets"},
    "Provider": _ENDPOINT,
    "Endpoint": _ENDPOINT,
    "Limits": {
        "content_blocks": "does not limit content blocks yet",
        "header_count": "has fixed header limits",
        "header_line": "has fixed header limits",
        "header_total": "has fixed header limits",
        "json_depth": "has a fixed limit of nesting",
        "messages": "does not limit messages yet",
        "on_store_failure": "has no shared store yet",
        "request_encoding": "does not decompress requests",
        "rss": "has no memory gate yet",
        "tools": "does not limit tools yet",
        "upstream_body": "has fixed upstream limits",
        "upstream_event": "has fixed upstream limits",
        "upstream_line": "has fixed upstream limits",
    },
    "Ledger": {"max_bytes": "does not bound the size of segments yet"},
    "Timeouts": {"tls": "counts the TLS handshake in upstream_connect"},
    "UpstreamTimeouts": {"tls": "counts the TLS handshake in upstream_connect"},
    "Stream": {
        "commit": "always commits at the first event",
        "commit_wait": "always commits at the first event",
    },
    "Drain": {
        "flush": "has nothing to flush yet",
        "lame_duck": "stops accepting at once",
    },
    "Log": {"level": "has no log levels yet"},
}
"""Schema class → key → phrase."""

DIALECTS: tuple[str, ...] = ("messages", "chat", "responses", "gemini", "bedrock")

CAPABILITIES: tuple[str, ...] = (
    "context_management",
    "count_tokens",
    "pdf",
    "structured_output",
    "tools",
    "web_fetch",
    "web_search",
)

VARIABLES: Mapping[str, str] = {"RELAY_LOG_LEVEL": "has no log levels yet"}
"""Environment variables of the contract; their presence is refused."""
