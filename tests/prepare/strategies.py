"""Requests for property tests: as JSON values, and as texts with spaces, escapes and numbers that no encoder writes."""

import json
from typing import Any

import hypothesis.strategies as st

MARK = st.sampled_from(
    [{"type": "ephemeral"}, {"type": "ephemeral", "ttl": "1h"}, {"ttl": "5m", "type": "ephemeral"}, None]
)
WORDS = st.sampled_from(["", "a", "cache_control", '"cache_control"', "é\ud7ff", "signature", "\\", "[1.0]"])
ODD = st.sampled_from([1.5, 10**30, -0.0, 1e-7, None, True, {"cache_control": {"a": 1}}, [{"type": "thinking"}]])


def _marked(block: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.one_of(block, st.builds(lambda told, mark: told | {"cache_control": mark}, block, MARK))


def _typed(kind: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"type": st.just(kind)} | fields)


TEXT = _marked(_typed("text", text=WORDS))
TOOL_USE = _marked(_typed("tool_use", id=st.sampled_from("uvwxyz"), name=st.sampled_from(["f", "g"]), input=ODD))
INNER = st.one_of(WORDS, st.lists(TEXT, max_size=2))
TOOL_RESULT = _marked(_typed("tool_result", tool_use_id=st.sampled_from("uvwxyz"), content=INNER))
SEARCH = _marked(_typed("search_result", source=WORDS, title=WORDS, content=st.lists(TEXT, max_size=2)))
DOCUMENT = _marked(
    _typed("document", source=st.fixed_dictionaries({"type": st.just("content"), "content": INNER}), title=WORDS)
)
THINKING = _typed("thinking", thinking=WORDS, signature=st.sampled_from(["", "genuine", "relay."]))
REDACTED = _typed("redacted_thinking", data=WORDS)
UNKNOWN = _marked(_typed("later", content=ODD))
BLOCKS = st.lists(st.one_of(TEXT, TOOL_USE, TOOL_RESULT, SEARCH, DOCUMENT, THINKING, REDACTED, UNKNOWN), max_size=5)
MESSAGES = st.lists(
    st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant"]), "content": st.one_of(WORDS, BLOCKS)}),
    min_size=1,
    max_size=5,
)
TOOLS = st.lists(
    _marked(
        st.fixed_dictionaries(
            {
                "name": st.sampled_from(["f", "g"]),
                "input_schema": st.just({"properties": {"cache_control": {"type": "null"}, "strict": {}}}),
            }
        )
    ),
    max_size=2,
)


@st.composite
def requests(draw: st.DrawFn) -> dict[str, Any]:
    """A request as a JSON value."""
    body: dict[str, Any] = {"model": "a/m", "max_tokens": 5, "messages": draw(MESSAGES)}
    if draw(st.booleans()):
        body["tools"] = draw(TOOLS)
    if draw(st.booleans()):
        body["system"] = draw(st.one_of(WORDS, st.lists(TEXT, max_size=2)))
    if draw(st.booleans()):
        body["cache_control"] = draw(MARK)
    return dict(draw(st.permutations(list(body.items()))))


def texts(body: dict[str, Any]) -> st.SearchStrategy[bytes]:
    """The request as a client may write it."""
    return st.builds(
        lambda indent, colon, ascii: json.dumps(
            body, indent=indent, separators=(",", colon), ensure_ascii=ascii
        ).encode(),
        st.sampled_from([None, 0, 1]),
        st.sampled_from([":", " : ", ":\n\t"]),
        st.booleans(),
    )
