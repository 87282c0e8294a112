"""The corpus of event streams: every rule of wire-protocols 1.1, every deviation of 1.3 that concerns Messages.

`SSE` holds bodies without meaning for the framing alone, `MESSAGES` whole and broken answers in the Messages dialect,
`CORPUS` both and the golden cases. Names say what a body shows; all but a few are short, for every cut is tried.
"""

from pathlib import Path

from tests.support.streams import (
    END,
    PING,
    STOP,
    block_start,
    block_stop,
    conversation,
    delta,
    frame,
    message_delta,
    message_start,
    sse,
    text,
    text_block,
    thinking_block,
    tool_block,
)

GOLDEN = Path(__file__).parents[1] / "golden" / "messages"

LINE_ENDS = {
    "lf": b"event: a\ndata: 1\n\ndata: 2\n\n",
    "cr": b"event: a\rdata: 1\r\rdata: 2\r\r",
    "crlf": b"event: a\r\ndata: 1\r\n\r\ndata: 2\r\n\r\n",
    "mixed_ends": b"event: a\r\ndata: 1\r\n\ndata: 2\r\rdata: 3\n\r\n",
    "lf_cr_is_two_ends": b"data: 1\n\rdata: 2\n\r",
    "cr_cr_lf": b"data: 1\r\r\ndata: 2\r\r\n",
    "many_blank_lines": b"\n\n\r\r\r\n\r\ndata: 1\n\n\n\n\ndata: 2\r\n\r\n\r\n",
    "ends_inside_crlf": b"data: 1\r\n\r",
    "cr_then_data": b"data: 1\r\rdata: 2\r\r",
    "separators_are_data": "data: a\u2028b\u2029c\u0085d\x0b\x0ce\x1c\x1d\x1e\x1f\n\n".encode(),
    "separator_lines": "data: 1\u2028\u2028data: 2\x0b\x0c\n\n".encode(),
}

UNFINISHED = {
    "empty": b"",
    "only_blank": b"\n",
    "only_bom": b"\xef\xbb\xbf",
    "no_final_blank": b"data: 1\n\ndata: 2\n",
    "no_final_line_end": b"data: 1\n\ndata: 2",
    "cut_in_name": b"data: 1\n\nda",
    "cut_after_colon": b"data: 1\n\ndata:",
    "no_line_end_at_all": b"data: 1",
    "done_unterminated": b"data: 1\n\ndata: [DONE]",
}

MARKS = {
    "bom": b"\xef\xbb\xbfdata: 1\n\n",
    "bom_then_blank": b"\xef\xbb\xbf\n\ndata: 1\n\n",
    "bom_crlf": b"\xef\xbb\xbfevent: a\r\ndata: 1\r\n\r\n",
    "bom_twice": b"\xef\xbb\xbf\xef\xbb\xbfdata: 1\n\ndata: 2\n\n",
    "bom_in_middle": b"data: 1\n\n\xef\xbb\xbfdata: 2\n\ndata: 3\n\n",
    "bom_in_data": b"data: \xef\xbb\xbf1\n\n",
    "bom_half": b"\xef\xbbdata: 1\n\ndata: 2\n\n",
    "bom_first_byte_only": b"\xef\n\ndata: 2\n\n",
    "bom_then_comment": b"\xef\xbb\xbf: hello\ndata: 1\n\n",
}

FIELDS = {
    "id": b"id: 1\ndata: a\n\ndata: b\n\nid: 2\ndata: c\n\n",
    "id_empty_resets": b"id: 1\ndata: a\n\nid\ndata: b\n\n",
    "id_with_nul": b"id: 1\ndata: a\n\nid: 2\0\ndata: b\n\n",
    "id_kept_without_data": b"id: 7\n\ndata: a\n\n",
    "id_unicode": "id: ключ\ndata: a\n\n".encode(),
    "id_of_discarded_end": b"data: a\n\nid: 9\n",
    "nul_in_data": b"data: a\0b\n\n",
    "nul_in_event": b"event: a\0b\ndata: 1\n\n",
    "retry": b"retry: 3000\ndata: 1\n\n",
    "retry_alone": b"retry: 3000\n\ndata: 1\n\n",
    "retry_not_digits": b"retry: soon\nretry: -1\nretry: 1.5\nretry\ndata: 1\n\n",
    "no_colon": b"data\n\ndata\ndata\n\nevent\ndata: 1\n\n",
    "no_space": b"event:a\ndata:1\n\n",
    "two_spaces": b"event:  a\ndata:  1\n\n",
    "tab": b"event:\ta\ndata:\t1\n\n",
    "space_only": b"data: \n\ndata:  \n\n",
    "colons_in_value": b"data: a:b: c\n\ndata::\n\ndata: :\n\n",
    "name_not_trimmed": b"data : 1\n data: 2\n\tdata: 3\ndata: 4\n\n",
    "name_case": b"Data: 1\nDATA: 2\nEvent: x\ndata: 3\n\n",
    "name_prefixes": b"dat: 1\ndatas: 2\neven: 3\nevents: 4\ni: 5\nids: 6\ndata: 7\n\n",
    "unknown_field": b"foo: 1\nbar\ndata: 2\n\n",
    "trailing_spaces": b"event: a  \ndata: 1  \n\n",
    "comments": b": one\n:two\n:\ndata: 1\n: three\n\n: four\n\n:\n\n",
    "comment_of_openrouter": b": OPENROUTER PROCESSING\n\ndata: 1\n\n",
    "comment_with_data_inside": b":data: 1\n\n: data: 2\n\ndata: 3\n\n",
    "comment_in_cr": b": a\r\r: b\rdata: 1\r\r",
    "event_after_data": b"data: 1\nevent: late\n\n",
    "event_twice": b"event: a\nevent: b\ndata: 1\n\n",
    "event_emptied": b"event: a\nevent:\ndata: 1\n\n",
    "event_without_data": b"event: a\n\ndata: 1\n\n",
    "empty_data": b"data:\n\ndata: \n\ndata\n\n",
    "empty_data_lines": b"data:\ndata:\ndata: x\ndata:\n\n",
    "many_data_lines": b"data: {\ndata:  1\ndata: }\n\n",
    "two_hundred_data_lines": b"".join(b"data: %d\n" % n for n in range(200)) + b"\n",
    "long_field_name": b"x" * 300 + b": 1\ndata: 2\n\n",
    "colon_first": b":\n:\n::\n: :\ndata: 1\n\n",
    "done": b"data: 1\n\ndata: [DONE]\n\n",
    "done_without_space": b"data:[DONE]\n\n",
    "hundred_events": b"".join(b"event: e%d\ndata: %d\n\n" % (n, n) for n in range(100)),
}

_BAD = {
    "truncated_2": b"\xc3",
    "truncated_3": b"\xe2\x82",
    "truncated_3_early": b"\xe2",
    "truncated_4": b"\xf0\x9f\x98",
    "truncated_4_early": b"\xf0\x9f",
    "overlong_2": b"\xc0\xaf",
    "overlong_3": b"\xe0\x80\xaf",
    "overlong_4": b"\xf0\x80\x80\xaf",
    "surrogate": b"\xed\xa0\x80",
    "surrogate_pair": b"\xed\xa0\xbd\xed\xb8\x80",
    "above_max": b"\xf4\x90\x80\x80",
    "never_valid": b"\xf8\x88\xfe\xff",
    "lone_continuation": b"\x80\xbf",
}

INVALID = {f"invalid_{name}": b"data: a%sb\n\nevent: x%s\ndata: %s\n\n" % (bad, bad, bad) for name, bad in _BAD.items()}
INVALID |= {
    f"invalid_cr_{name}": b"data: %s\r\r%sdata: 1\r\ndata: 2%s\r\n\r\n" % (bad, bad, bad) for name, bad in _BAD.items()
}
INVALID |= {
    "invalid_in_id": b"id: \xff\xe2\x82\ndata: 1\n\n",
    "invalid_in_comment": b": \xff\xfe\ndata: 1\n\n",
    "invalid_name": b"da\xffta: 1\ndata: 2\n\n",
    "invalid_at_end": b"data: 1\n\ndata: \xe2\x82",
    "valid_all_lengths": "data: aé漢😀\U0010ffff\ufffd\n\n".encode(),
}

SSE = LINE_ENDS | UNFINISHED | MARKS | FIELDS | INVALID

_SIGNATURE = "EqQBCgIYAhIkMDEyMzQ1Njc4OWFiY2RlZg" * 1200  # 40 KB, as the longest that providers send
_WHOLE = conversation(text_block(0, "Hello", ", ", "world."))
_CITATION = {
    "type": "char_location",
    "cited_text": "x",
    "document_index": 0,
    "start_char_index": 0,
    "end_char_index": 1,
}
_CACHED = {
    "input_tokens": 3,
    "cache_read_input_tokens": 2048,
    "cache_creation_input_tokens": 512,
    "cache_creation": {"ephemeral_5m_input_tokens": 500, "ephemeral_1h_input_tokens": 12},
    "output_tokens": 1,
    "service_tier": "standard",
}
_FINAL = {
    "input_tokens": 3,
    "cache_read_input_tokens": None,
    "output_tokens": 90,
    "output_tokens_details": {"thinking_tokens": 40},
    "server_tool_use": {"web_search_requests": 2, "web_fetch_requests": 1},
}
_OVERLOADED = frame("error", error={"type": "overloaded_error", "message": "Overloaded"})

ANSWERS = {
    "text": _WHOLE,
    "no_content": conversation(),
    "empty_text": conversation(text_block(0)),
    "two_texts": conversation(text_block(0, "a"), text_block(1, "b", "c")),
    "tool": conversation(text_block(0, "Let me look."), tool_block(1, "", '{"city', '": "Ham', 'burg"}')),
    "tool_no_input": conversation(tool_block(0)),
    "tools": conversation(tool_block(0, '{"a":1}'), tool_block(1, '{"b":', "[2]}"), tool_block(2, "")),
    "server_tool": conversation(tool_block(0, '{"query":"x"}', kind="server_tool_use"), text_block(1, "found")),
    "thinking": conversation(thinking_block(0, "c2lnbmF0dXJl", "Hm", "m."), text_block(1, "So.")),
    "thinking_omitted": conversation(thinking_block(0, "c2ln"), text_block(1, "So.")),
    "thinking_long_signature": conversation(thinking_block(0, _SIGNATURE, "Hm."), text_block(1, "So.")),
    "redacted_thinking": conversation(block_start(0, {"type": "redacted_thinking", "data": "zz"}) + block_stop(0)),
    "citations": conversation(
        block_start(0) + text(0, "x") + delta(0, "citations_delta", citation=_CITATION) + block_stop(0)
    ),
    "unicode": conversation(
        text_block(0, "Grüße ", "漢字かな", "😀👩‍👩‍👧", "\u2028\u2029\u0085", "\ufeff\ufffd", "עברית")
    ),
    "escapes": conversation(text_block(0, 'q"\\/\b\f\n\r\t', "\x7f\x01")),
    "escaped_unicode": message_start()
    + block_start(0)
    + sse(
        "content_block_delta",
        r'{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"\ud83d\ude00\u6f22\u00e9\ud800"}}',
    )
    + block_stop(0)
    + END,
    "padded_json": message_start()
    + block_start(0)
    + sse(
        "content_block_delta",
        '{"type": "content_block_delta", "index": 0, "delta": {"type":"text_delta","text":"x"}      }   ',
    )
    + block_stop(0)
    + END,
    "members_in_any_order": message_start()
    + block_start(0)
    + sse("content_block_delta", '{"delta":{"text":"x","type":"text_delta"},"index":0,"type":"content_block_delta"}')
    + block_stop(0)
    + END,
    "pings": PING + message_start() + PING + PING + text_block(0, "a") + PING + END,
    "ping_in_block": conversation(block_start(0) + PING + text(0, "a") + PING + text(0, "b") + block_stop(0)),
    "comments_between": b": hi\n\n" + conversation(text_block(0, "a"), b": keep\n\n", text_block(1, "b")) + b":\n\n",
    "unknown_event": conversation(text_block(0, "a"), frame("novelty", a=[1, {"b": None}]), text_block(1, "b")),
    "unknown_event_first": frame("novelty") + _WHOLE,
    "unknown_block": conversation(block_start(0, {"type": "hologram", "x": 1}) + block_stop(0)),
    "unknown_delta": conversation(block_start(0) + delta(0, "scent_delta", scent="rose") + block_stop(0)),
    "compaction": conversation(
        block_start(0, {"type": "compaction", "content": None})
        + delta(0, "compaction_delta", content="short", encrypted_content="zz")
        + block_stop(0)
    ),
    "usage_full": message_start(_CACHED) + text_block(0, "a") + message_delta("end_turn", _FINAL) + STOP,
    "usage_null_counts": message_start({"input_tokens": 4, "output_tokens": None, "cache_read_input_tokens": None})
    + END,
    "usage_zero_replaces": message_start(_CACHED)
    + message_delta("end_turn", {"cache_read_input_tokens": 0, "cache_creation_input_tokens": 0, "output_tokens": 0})
    + STOP,
    "usage_decreases": message_start({"input_tokens": 9, "output_tokens": 20})
    + message_delta(usage={"output_tokens": 5})
    + STOP,
    "usage_odd": message_start({"input_tokens": -3, "output_tokens": True})
    + message_delta(usage={"input_tokens": 1.5, "output_tokens": "7", "service_tier": "batch"})
    + STOP,
    "usage_huge": message_start({"input_tokens": 10**30, "output_tokens": 2**63}) + END,
    "usage_twice_cumulative": message_start()
    + text_block(0, "a")
    + message_delta(None, {"output_tokens": 5})
    + message_delta("end_turn", {"output_tokens": 9})
    + STOP,
    "refusal": message_start() + text_block(0, "I") + message_delta("refusal") + STOP,
    "pause_turn": message_start() + text_block(0, "I") + message_delta("pause_turn") + STOP,
    "surrogates_in_two_deltas": message_start()
    + block_start(0)
    + sse(
        "content_block_delta", r'{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"\ud83d"}}'
    )
    + sse(
        "content_block_delta", r'{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"\ude00"}}'
    )
    + block_stop(0)
    + END,
    "null_stop_reason_later": message_start() + message_delta("end_turn") + message_delta(None) + STOP,
}

BROKEN = {
    "error_first": _OVERLOADED,
    "error_after_ping": PING + _OVERLOADED,
    "error_in_middle": message_start() + block_start(0) + text(0, "Hel") + _OVERLOADED,
    "error_after_delta": message_start() + message_delta() + _OVERLOADED,
    "error_then_more": message_start() + _OVERLOADED + text_block(0, "a") + END,
    "error_without_event_line": message_start() + _OVERLOADED.partition(b"\n")[2],
    "error_without_type": message_start() + sse("error", '{"error": {"type": "api_error", "message": "no"}}'),
    "error_without_fields": message_start() + sse("error", '{"type": "error"}'),
    "block_after_message_delta": message_start() + message_delta() + text_block(0, "late") + STOP,
    "open_block_after_message_delta": message_start() + message_delta() + block_start(0) + STOP,
    "stop_without_message_delta": message_start() + text_block(0, "a") + STOP,
    "delta_with_null_usage": message_start()
    + frame("message_delta", delta={"stop_reason": "end_turn"}, usage=None)
    + STOP,
    "type_not_a_string": message_start() + sse("ping", '{"type": 5}'),
    "type_with_line_break": message_start() + sse("x", r'{"type": "a\nb"}'),
    "no_type_anywhere": message_start() + b'data: {"a": 1}\n\n',
    "deep_json": message_start() + sse("novelty", '{"type": "novelty", "a": ' + "[" * 127 + "]" * 127 + "}") + END,
    "too_deep_json": message_start() + sse("novelty", '{"type": "novelty", "a": ' + "[" * 500 + "]" * 500 + "}") + END,
    "start_without_message": frame("message_start") + END,
    "cut_after_start": message_start(),
    "cut_in_start": message_start()[:50],
    "cut_in_block": message_start() + block_start(0) + text(0, "a"),
    "cut_in_frame": message_start() + block_start(0) + text(0, "abc")[:-9],
    "cut_before_delta": message_start() + text_block(0, "a"),
    "cut_after_null_stop_reason": message_start() + text_block(0, "a") + message_delta(None),
    "cut_in_delta": message_start() + text_block(0, "a") + message_delta()[:-1],
    "pings_only": PING + PING,
    "comments_only": b": OPENROUTER PROCESSING\n\n: again\n\n",
    "html": b"<html>\n<body>\n\n<h1>502 Bad Gateway</h1>\n\n</body></html>\n",
    "json_lines": b'{"type": "message_start"}\n{"type": "message_stop"}\n',
    "block_before_start": block_start(0) + _WHOLE,
    "stop_before_start": STOP,
    "second_start": message_start() + message_start() + END,
    "second_start_late": message_start() + text_block(0, "a") + message_start() + END,
    "index_starts_at_one": conversation(text_block(1, "a")),
    "index_skips": conversation(text_block(0, "a"), text_block(2, "b")),
    "index_repeats": conversation(text_block(0, "a"), text_block(0, "b")),
    "index_negative": conversation(text_block(-1, "a")),
    "index_not_a_number": message_start()
    + frame("content_block_start", index="0", content_block={"type": "text", "text": ""}),
    "index_absent": message_start() + frame("content_block_start", content_block={"type": "text", "text": ""}),
    "delta_for_closed_block": conversation(text_block(0, "a"), text(0, "b")),
    "delta_for_other_block": conversation(block_start(0) + text(1, "b") + block_stop(0)),
    "stop_for_other_block": conversation(block_start(0) + block_stop(1)),
    "stop_twice": conversation(text_block(0, "a"), block_stop(0)),
    "invalid_json": message_start() + sse("content_block_delta", '{"type": "content_block_delta", "index": 0,'),
    "invalid_json_string": message_start() + sse("content_block_delta", '{"type": "content_block_delta", "x": "\t"}'),
    "two_json_texts": message_start() + sse("ping", '{"type": "ping"} {"type": "ping"}'),
    "json_not_an_object": message_start() + sse("content_block_delta", "[1]"),
}


def golden_streams() -> dict[str, bytes]:
    """The upstream side of every golden case."""
    return {f"golden_{path.parent.name}": path.read_bytes() for path in sorted(GOLDEN.glob("*/upstream.sse"))}


MESSAGES = ANSWERS | BROKEN | golden_streams()
CORPUS = SSE | MESSAGES
