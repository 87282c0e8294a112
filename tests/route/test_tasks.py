"""What a request is taken to be about."""

import json
import time
from typing import Any

import pytest

from relay.call import Call
from relay.catalog import TASKS
from relay.route import tasks
from relay.route.tasks import classified
from tests.route.shapes import call

TEXTS = {
    "Fix this:\n```python\ndef f(x): return x\n```\nTypeError: unsupported operand": "coding",
    "Refactor the function so that pytest passes": "coding",
    "Warum wirft dieser JavaScript Code einen Fehler? `let x = foo();`": "coding",
    "Prove the theorem: the integral of x^2 from 0 to 1 is 1/3": "math",
    "Löse die Gleichung und berechne x": "math",
    "Solve the riddle step by step": "reasoning",
    "Write a short poem about the sea, in the tone of Heine": "writing",
    "Rewrite this email so that it is friendlier": "writing",
    "Translate into German: good morning": "translation",
    "Übersetze den Satz ins Englische": "translation",
    "Traduis cette phrase": "translation",
    "Summarize the key points of the minutes": "summary",
    "Bitte fasse das zusammen: tl;dr": "summary",
    "Extract the names as JSON with this schema": "extraction",
    "good morning, how are you?": "chat",
    "": "chat",
}


def asked(text: Any, **said: Any) -> Call:
    return call("openrouter/auto", messages=[{"role": "user", "content": text}], **said)


@pytest.mark.parametrize(("text", "word"), TEXTS.items(), ids=[text[:20] for text in TEXTS])
def test_a_text_tells_its_task(text: str, word: str) -> None:
    found = classified(asked(text))

    assert found.word == word
    assert (found.confidence == 0) == (word == "chat")
    assert 0 <= found.confidence <= 1


def test_every_task_is_one_that_a_model_can_be_scored_for() -> None:
    known = {*tasks.WORDS, *tasks.PARTS, "agent", "vision", tasks.DEFAULT}

    assert known == set(TASKS)


def test_tools_tell_an_agent_and_those_of_a_programmer_its_code() -> None:
    def tool(name: str) -> dict[str, Any]:
        return {"name": name, "input_schema": {"type": "object"}}

    assert classified(asked("go on", tools=[tool("book_flight")])).word == "agent"
    assert classified(asked("go on", tools=[tool("book_flight"), tool("run_bash")])).word == "coding"
    assert classified(asked("go on", tools=[])).word == "chat"


def test_an_image_is_looked_at() -> None:
    source = {"type": "base64", "media_type": "image/png", "data": "AAAA"}

    assert (
        classified(asked([{"type": "image", "source": source}, {"type": "text", "text": "what is it?"}])).word
        == "vision"
    )


def test_the_newest_text_of_the_user_counts() -> None:
    messages = [
        {"role": "user", "content": "Translate into German: good morning"},
        {"role": "assistant", "content": "Guten Morgen"},
        {"role": "user", "content": [{"type": "text", "text": "write a poem about it"}]},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "n", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "summary, tl;dr"}]},
    ]

    assert classified(call("openrouter/auto", messages=messages)).word == "writing"


def test_of_a_long_text_both_ends_count() -> None:
    for text in ("translate: " + 20_000 * "a ", 20_000 * "a " + "translate that"):
        assert classified(asked(text)).word == "translation"
    assert classified(asked(10_000 * "a " + "translate" + 10_000 * " a")).word == "chat"


def test_of_a_huge_prompt_only_the_end_is_read() -> None:
    huge = asked(1_000_000 * "word ")
    took = min(_seconds(huge) for _ in range(5))

    assert classified(asked(1_000_000 * "word " + "translate that")).word == "translation"
    assert took < 0.005  # of which it needs a tenth on an idle machine


def _seconds(huge: Call) -> float:
    started = time.perf_counter()
    classified(huge)
    return time.perf_counter() - started


def test_a_look_that_fails_is_a_guess_of_nothing() -> None:
    odd = asked("translate")
    odd.content = json.dumps({"model": "m", "messages": 3}).encode()

    found = classified(odd)

    assert (found.word, found.confidence) == ("chat", 0.0)
