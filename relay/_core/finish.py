"""Why an answer ended, in the words of each dialect, and in the hub's.

Source: spec/wire-protocols.md 3.2, 4.2, 4.5; a word that is not here means the default, `end_turn`.
"""

FINISH_REASONS: dict[bytes, bytes] = {
    b"stop": b"end_turn",
    b"length": b"max_tokens",
    b"tool_calls": b"tool_use",
    b"function_call": b"tool_use",
    b"content_filter": b"refusal",
    b"max_tokens": b"max_tokens",
    b"MAX_TOKENS": b"max_tokens",
    b"max_length": b"max_tokens",
    b"model_length": b"max_tokens",
    b"tool_use": b"tool_use",
    b"refusal": b"refusal",
    b"safety": b"refusal",
    b"SAFETY": b"refusal",
}

FAILURES: dict[bytes, str] = {b"error": "api_error", b"insufficient_system_resource": "overloaded_error"}
"""Finish reasons that are no end but a failure, and its type."""

INCOMPLETE: dict[str, str] = {"max_output_tokens": "max_tokens", "content_filter": "refusal"}
"""Why an answer of the Responses API is incomplete, and the stop reason that it is."""

CONVERSE_REASONS: dict[bytes, bytes] = {
    b"end_turn": b"end_turn",
    b"tool_use": b"tool_use",
    b"max_tokens": b"max_tokens",
    b"stop_sequence": b"stop_sequence",
    b"model_context_window_exceeded": b"model_context_window_exceeded",
    b"guardrail_intervened": b"refusal",
    b"content_filtered": b"refusal",
}
"""The same of Bedrock's Converse (spec/wire-protocols.md 4.6)."""

CONVERSE_FAILURES: dict[bytes, tuple[str, str, str]] = {
    b"malformed_model_output": ("modelStreamErrorException", "the model's answer is malformed", "424"),
    b"malformed_tool_use": ("modelStreamErrorException", "the model's call of a tool is malformed", "424"),
}
"""Of them those that are no end but a failure: type, message and code of the PeerError."""

GEMINI_REASONS: dict[bytes, bytes] = {
    b"MAX_TOKENS": b"max_tokens",
    b"CONTINUATION": b"max_tokens",
    b"SAFETY": b"refusal",
    b"RECITATION": b"refusal",
    b"PROHIBITED_CONTENT": b"refusal",
    b"BLOCKLIST": b"refusal",
    b"SPII": b"refusal",
    b"LANGUAGE": b"refusal",
    b"ESCALATION": b"refusal",
    b"MODEL_ARMOR": b"refusal",
    b"IMAGE_SAFETY": b"refusal",
    b"IMAGE_PROHIBITED_CONTENT": b"refusal",
    b"IMAGE_RECITATION": b"refusal",
}
"""The same of Gemini (spec/wire-protocols.md 4.5)."""

GEMINI_FAILURES: dict[bytes, str] = dict.fromkeys(
    (
        b"MALFORMED_FUNCTION_CALL",
        b"UNEXPECTED_TOOL_CALL",
        b"TOO_MANY_TOOL_CALLS",
        b"MISSING_THOUGHT_SIGNATURE",
        b"MALFORMED_RESPONSE",
        b"IMAGE_OTHER",
        b"NO_IMAGE",
        b"OTHER",
    ),
    "api_error",
)
"""Of them those that are no end but a failure, and its type."""

GEMINI_UNSPECIFIED: frozenset[bytes] = frozenset({b"FINISH_REASON_UNSPECIFIED", b"BLOCKED_REASON_UNSPECIFIED"})
"""Words that say nothing: the answer goes on."""
