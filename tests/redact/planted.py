"""Values of every class, planted in an answer and in a prompt; leaks() finds what is left of them.

A leak is any SEEN characters in a row of a value: fewer may be chance. An answer's values differ from a prompt's, which
come back in mode placeholder and are then no leak. What is signed is never touched, so nothing is planted there.
"""

import json
from collections.abc import Iterable
from string import hexdigits
from typing import Any

from relay._core import members
from relay.call import Call, Identity
from tests.support.answers import closing, message, message_start

SEEN = 6

KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIBOgIBAAJBAKj34GkxFhD90vcNLYLInFEX\n-----END RSA PRIVATE KEY-----"
ANSWER = {
    "email": "wilma.flint@quarry-mail.org",
    "phone": "+44 20 7946 0958",
    "ip": "203.0.113.77",
    "ip6": "2001:db8:7:9::beef:12",
    "uuid": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
    "token": "ghp_zX9wV7uT5sR3qP1oN2mL4kJ6iH8gF0eDcBa2",
    "run": "sk-ant-api03-" + "Vb8Nc3Mq1Ws5Xe7Zr2Td6Yf9" * 5,
    "secret": "Xq81-hTz0wR5pKd7Lm3V",
    "credit_card": "5555 5555 5555 4444",
    "iban": "GB29 NWBK 6016 1331 9268 19",
    "ssn": "078-05-1120",
    "mac": "00:1b:44:11:3a:b7",
    "phrase": "Quokka Halcyon",
    "pattern": "CASE-771204",
    "program": "ÆØÅ-93817",
}
PROMPT = {
    "email": "fred.stone@slate-rock.net",
    "phone": "+49 30 90182041",
    "ip": "198.51.100.23",
    "uuid": "16fd2706-8baf-433b-82eb-8c7fada847da",
    "token": "ghp_aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zC1234",
    "credit_card": "4111 1111 1111 1111",
    "iban": "DE89370400440532013000",
    "ssn": "219-09-9999",
    "mac": "8c:85:90:0a:5e:21",
    "phrase": "Zebra Nightjar",
}
CUSTOM = ["Quokka Halcyon", "Zebra Nightjar", "/CASE-[0-9]{6}/", "/\\p{Lu}{3}-[0-9]{5}/"]
ON: dict[str, Any] = dict.fromkeys(
    ("email", "phone", "ip", "uuid", "token", "credit_card", "iban", "ssn", "mac"), True
) | {"custom": CUSTOM}
"""What `gateway.redact` says for all of it."""

_SPOKEN = (
    "Write to {email} (or call {phone}); the host {ip}, also [{ip6}]:443, job req_{uuid}.\n"
    "token {token}, key {run}. api_key = '{secret}' and pay {credit_card} or {iban}. "
    "SSN {ssn}, card of {mac}; {phrase}, see {pattern} and {program}. Dear [EMAIL_1], 😀 done \\ {key} end."
)


def spoken(values: dict[str, str] = ANSWER) -> str:
    """A text that says all of them."""
    return _SPOKEN.format(key=KEY, **(PROMPT | ANSWER | values))


def tool_input() -> str:
    """A tool's input: values in strings, in keys, as a number, in escapes, and in a document that breaks off."""
    whole = json.dumps(
        {
            "to": ANSWER["email"],
            ANSWER["email"]: [1.5e3, True, None, -0, ANSWER["ip"], "[EMAIL_1]"],
            "card": 5555555555554444,
            "ssn": ANSWER["ssn"],
            "note": f"line\n{ANSWER['iban']} é😀 {ANSWER['token']}",
            "password": ANSWER["secret"],
        }
    )
    escaped = "".join(f"\\u{ord(char):04x}" for char in ANSWER["phone"])
    return (
        f'{whole[:-1]}, "tel": "{escaped}", "k": "{ANSWER["phrase"]}", "broken": tru {ANSWER["mac"]} {ANSWER["uuid"]}'
    )


def event(type: str, *, ascii: bool = True, **members: Any) -> bytes:
    """A frame; not `ascii`: written in UTF-8."""
    data = json.dumps({"type": type, **members}, ensure_ascii=ascii, separators=(",", ":"))
    return f"event: {type}\ndata: {data}\n\n".encode()


def _block(index: int, block: dict[str, Any], deltas: Iterable[dict[str, Any]], *, ascii: bool = True) -> bytes:
    begun = event("content_block_start", index=index, content_block=block)
    deltas = (event("content_block_delta", ascii=ascii, index=index, delta=delta) for delta in deltas)
    return begun + b"".join(deltas) + event("content_block_stop", index=index)


def _pieces(text: str, size: int) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


def answer_stream(size: int = 7) -> bytes:
    """A streamed answer: values in text that is cut into deltas of `size` characters, in a block's start, in a
    citation, in a tool's input, in a search result and in a compaction."""
    text = spoken()
    said: list[dict[str, Any]] = [{"type": "text_delta", "text": each} for each in _pieces(text[9:], size)]
    citation = {"type": "char_location", "cited_text": f"by {ANSWER['email']}", "document_title": ANSWER["phrase"]}
    said.insert(2, {"type": "citations_delta", "citation": citation})
    given = [{"type": "input_json_delta", "partial_json": each} for each in _pieces(tool_input(), size)]
    found = {"type": "web_search_result", "title": f"of {ANSWER['phone']}", "url": "https://x.test"}
    blocks = (
        _block(0, {"type": "text", "text": text[:9]}, said),
        _block(1, {"type": "tool_use", "id": "toolu_1", "name": "pay", "input": {}}, given, ascii=False),
        _block(2, {"type": "web_search_tool_result", "tool_use_id": "t", "content": [found]}, ()),
        _block(3, {"type": "compaction"}, [{"type": "compaction_delta", "content": f"of {ANSWER['ssn']}"}]),
        _block(4, {"type": "text", "text": ""}, [{"type": "text_delta", "text": "last " + ANSWER["email"]}]),
    )
    return message_start() + b"".join(blocks) + closing().split(b"\n\n", 1)[1]


def answer_whole() -> bytes:
    """The same as one message."""
    content: list[dict[str, Any]] = [
        {"type": "text", "text": spoken(), "citations": [{"cited_text": ANSWER["iban"], "type": "char_location"}]},
        {"type": "tool_use", "id": "toolu_1", "name": "pay", "input": {ANSWER["email"]: [5555555555554444, spoken()]}},
    ]
    return message(content=content)


def prompt(model: str = "raw/x", **members: Any) -> bytes:
    """A request with values in everything that is scanned."""
    every = ", ".join(PROMPT.values())
    schema = {"type": "object", "properties": {"a": {"type": "string", "description": PROMPT["email"]}}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "text", "text": every}]}
    used = {"type": "tool_use", "id": "toolu_1", "name": "pay", "input": {"to": PROMPT["email"], "all": [every]}}
    request = {
        "model": model,
        "max_tokens": 99,
        "system": [{"type": "text", "text": every}],
        "tools": [{"name": "pay", "description": PROMPT["phone"], "input_schema": schema}],
        "messages": [
            {"role": "user", "content": f"[EMAIL_3] {every}"},
            {"role": "assistant", "content": [used]},
            {"role": "user", "content": [result]},
            {"role": "assistant", "content": f"So it is {every}"},
        ],
        "metadata": {"user_id": PROMPT["email"]},
    }
    return json.dumps(request | members).encode()


def call(**redact: Any) -> Call:
    """A call with that prompt, all classes on."""
    content = prompt()
    return Call(
        id="gen-1",
        operation="chat",
        model="raw/x",
        stream=True,
        content=content,
        members=members(content),
        identity=Identity("anonymous"),
        received_ns=0,
        version=None,
        betas=None,
        session_id=None,
        app=None,
        reports=True,
        redact=ON | redact,
    )


def _written(values: Iterable[str]) -> set[str]:
    """The values in the forms that they are planted in."""
    escaped = (json.dumps(value)[1:-1] for value in values)
    return {*values, *escaped, *(value.replace(" ", "") for value in values)}


def grams(values: Iterable[str]) -> frozenset[bytes]:
    """The values, and every SEEN characters in a row of them but hex digits, of which times and ids are full."""
    written = _written(list(values))
    rows = {value[at : at + SEEN] for value in written for at in range(len(value) - SEEN + 1)}
    return frozenset(each.encode() for each in written | {row for row in rows if not set(row) <= set(hexdigits)})


EVERY = tuple({*ANSWER.values(), *PROMPT.values(), KEY.split("\n")[1]})
OF_ANSWER = grams([*ANSWER.values(), KEY.split("\n")[1]])
OF_ALL = grams(EVERY)


def leaks(output: bytes | str, of: frozenset[bytes] = OF_ALL) -> list[bytes]:
    """Give what can be seen of values in an output."""
    seen = output.encode("utf-8", "surrogatepass") if isinstance(output, str) else output
    return [gram for gram in of if gram in seen]
