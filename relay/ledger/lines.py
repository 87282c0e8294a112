"""A record's line for people: what an operator watches on a terminal."""

import orjson


def as_text(line: bytes) -> bytes:
    """Give one JSON line as `time level event key=value …`; absent facts are left out."""
    fields = orjson.loads(line)
    if fields.get("event") != "call":
        return b" ".join(f"{name}={value}".encode() for name, value in fields.items())
    usage = fields["usage"]
    shown = {
        "model": fields["model"],
        "provider": fields["provider"],
        "status": fields["status"],
        "outcome": fields["outcome"],
        "error": fields["error_type"],
        "in": usage.get("input_tokens"),
        "out": usage.get("output_tokens"),
        "cost_usd": None if fields["cost_nanousd"] is None else f"{fields['cost_nanousd'] / 1e9:.6f}",
        "ms": round(fields["dur_ms"]),
        "id": fields["request_id"],
    }
    words = [
        fields["ts"][11:23],
        fields["level"],
        *(f"{name}={value}" for name, value in shown.items() if value is not None),
    ]
    return " ".join(words).encode()
