from collections.abc import Callable
from typing import Any

def answer(
    data: bytes,
    *,
    id: str | None = ...,
    model: str | None = ...,
    provider: str | None = ...,
    input_tokens: Callable[[], int] | None = ...,
    usage_fields: Callable[[dict[str, int | str]], bytes] | None = ...,
    metadata: Callable[[dict[str, int | str]], bytes] | None = ...,
    seal: Callable[[bytes], bytes] | None = ...,
    context_management: bytes | None = ...,
) -> tuple[bytes, dict[str, Any]]: ...
