"""Every dialect of clients through every dialect of providers, with official SDKs: what the script says gets through.

Field by field, streamed and whole; what a pair of dialects can't carry stands in told.py, what is asked in asked.py.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict

import pytest

from relay.run.demo.answer import Tool
from relay.run.demo.texts import PARAGRAPH
from tests.clients.asked import Case, arrived
from tests.clients.drivers import Driver, driving
from tests.clients.piped import Json
from tests.clients.servers import KEY, UPSTREAMS, Gateway, Provider
from tests.clients.told import Broken, added_up, broken, heard, projected, said

pytestmark = pytest.mark.slow

_CITY: Json = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER, NOW = Tool("weather", _CITY), Tool("now", {"type": "object", "properties": {}})
DEEP = Tool(
    "deep",
    {
        "type": "object",
        "properties": {
            "days": {"type": "array", "items": {"type": "object", "properties": {"n": {"type": "integer"}}}},
            "note": {"type": "string", "enum": ['a "quoted" \\ 漢\u2028😀 note']},
        },
        "required": ["days", "note"],
    },
)
CASES: dict[str, Case] = {
    "text": Case("chat@delay=0"),
    "text in pieces": Case("chat@delay=0,split=7"),
    "unicode": Case("unicode@delay=0", tools=(WEATHER,)),
    "thinking": Case("thinking@delay=0,signature=4000"),
    "one tool": Case("tools@delay=0", tools=(DEEP,)),
    "parallel tools": Case("tools@delay=0,calls=3", tools=(WEATHER, DEEP, NOW)),
    "interleaved fragments": Case("tools@delay=0,calls=3,interleaved=1", tools=(WEATHER, DEEP, NOW)),
    "thinking and tools": Case("agent@delay=0,calls=2", tools=(WEATHER, DEEP)),
    "empty arguments": Case("tools@delay=0", tools=(NOW,)),
    "usage with caches": Case("cache@delay=0,read=7000,write5m=200,write1h=30"),
    "refusal": Case("refusal@delay=0"),
    "length stop": Case("max-tokens@delay=0"),
    "stop sequence": Case("stop-sequence@delay=0", stops=("###",)),
    "pause": Case("pause@delay=0"),
    "citations": Case("citations@delay=0"),
    "image": Case("echo@delay=0", image=True),
    "structured output": Case("echo@delay=0", '{"city": "Paris 漢"}', schema=_CITY | {"additionalProperties": False}),
    "whole although streamed": Case("json-answer@delay=0"),
}
SDKS = {
    "messages": ("python", "python-0.75", "javascript"),
    "chat": ("openai-python", "openai-python-1.109", "openai-javascript"),
    "responses": ("openai-python", "openai-python-1.109", "openai-javascript"),
}
CLIENTS = [(ingress, sdk) for ingress, sdks in SDKS.items() for sdk in sdks]
KINDS = {"messages": "", "chat": "chat_", "responses": "responses_"}
"""What a driver's kinds begin with that speak a dialect."""

Ask = Callable[..., Json]


@pytest.fixture(scope="module")
def ask(provider: Provider, gateway: Gateway) -> Iterator[Ask]:
    """Do a job with an SDK; each is started once."""
    running: dict[str, Driver] = {}
    with ExitStack() as stack:

        def ask(ingress: str, sdk: str, kind: str, model: str, params: Json) -> Json:
            if sdk not in running:
                running[sdk] = stack.enter_context(driving(sdk))
            job = {"base_url": gateway.url, "key": KEY, "model": model, "params": params}
            return running[sdk].do({"kind": KINDS[ingress] + kind} | job)

        yield ask
    assert gateway.process.noise == []


every_pair = pytest.mark.parametrize(("ingress", "sdk"), CLIENTS, ids=[f"{ingress}-{sdk}" for ingress, sdk in CLIENTS])
every_upstream = pytest.mark.parametrize("upstream", UPSTREAMS)


@every_pair
@every_upstream
@pytest.mark.parametrize("case", CASES.values(), ids=[name.replace(" ", "_") for name in CASES])
@pytest.mark.parametrize("kind", ["create", "stream"])
def test_what_a_script_says_gets_through(
    ask: Ask, provider: Provider, ingress: str, sdk: str, upstream: str, case: Case, kind: str
) -> None:
    outcome = ask(ingress, sdk, kind, f"{UPSTREAMS[upstream]}/{case.script}", case.params(ingress))

    got = heard(ingress, outcome)
    prompt, question = arrived(upstream, provider.seen())
    assert asdict(question) == asdict(case.carried(ingress, upstream))
    assert (prompt.model, prompt.stream) == (case.script, kind == "stream")
    expected = projected(said(prompt), upstream, ingress, streamed=kind == "stream")
    assert asdict(got) == asdict(added_up(expected, sdk) if kind == "stream" else expected)


OVERLOADED = {"messages": (529, "overloaded_error"), "chat": (503, "server_error"), "responses": (503, "server_error")}
UNAVAILABLE = {"messages": (502, "api_error"), "chat": (502, "server_error"), "responses": (502, "server_error")}
"""How a client is told, by its dialect: status and the error's word."""

NOTHING, SOME = range(1), range(2, len(PARAGRAPH.split()))
BREAKS = {
    "stream error": ("events", "error-mid@delay=0,after=5", OVERLOADED, range(5, 6)),
    "stream cut": ("events", "cut@delay=0,bytes=3500", UNAVAILABLE, SOME),
    "stream reset": ("events", "reset@delay=0,bytes=3500", UNAVAILABLE, SOME),
    "whole error": ("create", "error-mid@delay=0,after=5", OVERLOADED, NOTHING),
    "whole cut": ("create", "cut@delay=0,bytes=100", UNAVAILABLE, NOTHING),
    "whole reset": ("create", "reset@delay=0,bytes=100", UNAVAILABLE, NOTHING),
}
"""How the driver asks, the script that breaks, how that is told, and how many words come before it."""


@every_pair
@every_upstream
@pytest.mark.parametrize("name", BREAKS, ids=[name.replace(" ", "_") for name in BREAKS])
def test_an_answer_that_breaks_is_an_error_behind_what_was_said(
    ask: Ask, ingress: str, sdk: str, upstream: str, name: str
) -> None:
    kind, script, told, words = BREAKS[name]
    outcome = ask(ingress, sdk, kind, f"{UPSTREAMS[upstream]}/{script}", Case(script).params(ingress))

    got = broken(ingress, outcome)
    status, word = told[ingress]
    assert (got.status, got.word) == (status if kind == "create" else None, word)
    assert PARAGRAPH.startswith(got.text)
    assert len(got.text.split()) in words


@every_pair
@every_upstream
@pytest.mark.parametrize("kind", ["stream", "events"])
def test_an_error_before_anything_was_said_is_a_status(
    ask: Ask, ingress: str, sdk: str, upstream: str, kind: str
) -> None:
    outcome = ask(ingress, sdk, kind, f"{UPSTREAMS[upstream]}/error-first@delay=0", Case("").params(ingress))

    status, word = OVERLOADED[ingress]
    has_word = upstream not in ("converse", "invoke", "gemini")  # for what is 529 at Anthropic: theirs is 503
    assert broken(ingress, outcome) == Broken(status if has_word else 503, word, "")
