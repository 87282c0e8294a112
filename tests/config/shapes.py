"""The minimal shape of the contract, as far as this version builds it, and what it refers to."""

from collections.abc import Mapping

from relay.known import KnownProvider

KNOWN: Mapping[str, KnownProvider] = {
    "anthropic": KnownProvider(
        "anthropic", "Anthropic", "messages", "https://api.anthropic.com", "ANTHROPIC_API_KEY", count_tokens=True
    )
}
ENVIRON: Mapping[str, str] = {
    "RELAY_KEY": "caller-key-material",
    "ANTHROPIC_API_KEY": "provider-key-material",
    "LOCAL_KEY": "local-key-material",
    "HASH_KEY": "hash-key-material",
}
MINIMAL = """\
listen: 127.0.0.1:8080
ops: {listen: 127.0.0.1:9090}
keys:
  - {name: dev, secret: {env: RELAY_KEY}}
providers:
  anthropic: {credential: {env: ANTHROPIC_API_KEY}}
  local: {dialect: messages, base_url: "http://127.0.0.1:8000/v1", credential: {env: LOCAL_KEY}, zdr: true}
models:
  anthropic/claude-sonnet-4.5:
    - {provider: anthropic, model: claude-sonnet-4-5, price: {prompt: 3.0, completion: 15.0, cache_read: 0.3}}
    - {provider: local, model: sonnet-mirror}
  "local/*":
    - {provider: local, model: "*"}
"""
