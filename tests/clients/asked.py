"""What is asked, in no dialect: `Case.params()` writes it for a client's SDK, `arrived()` reads what a provider got."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote

from relay.run.demo import bedrock, chat, gemini, messages, responses
from relay.run.demo.answer import Prompt, Tool
from relay.run.demo.reply import Dialect
from tests.clients.piped import Json

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


@dataclass(frozen=True)
class Case:
    """One question; the model is a script of the provider.

    image     a picture goes with the question
    schema    what the answer has to be
    """

    script: str
    text: str = "What is up in Paris? 漢 😀"
    tools: tuple[Tool, ...] = ()
    stops: tuple[str, ...] = ()
    image: bool = False
    schema: Json | None = None

    def params(self, ingress: str) -> Json:
        """The parameters that an SDK takes, beside the model."""
        return _PARAMS[ingress](self)

    def carried(self, ingress: str, upstream: str) -> "Case":
        """What of it gets from a client's dialect to a provider's.

        Responses has no stop sequences. Gemini's schemas don't forbid members, and what takes nothing has none.
        """
        told = replace(self, script="", stops=() if "responses" in (ingress, upstream) else self.stops)
        if upstream != "gemini":
            return told
        tools = [tool if tool.schema["properties"] else Tool(tool.name, {}) for tool in self.tools]
        schema = {key: value for key, value in (self.schema or {}).items() if key != "additionalProperties"}
        return replace(told, tools=tuple(tools), schema=schema or None)


def _messages(case: Case) -> Json:
    content: Any = case.text
    if case.image:
        picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}
        content = [picture, {"type": "text", "text": case.text}]
    params: Json = {"max_tokens": 500, "messages": [{"role": "user", "content": content}]}
    if case.tools:
        params["tools"] = [{"name": tool.name, "input_schema": tool.schema} for tool in case.tools]
    if case.stops:
        params["stop_sequences"] = list(case.stops)
    if case.schema:  # a word that the oldest SDK does not know
        params["extra_body"] = {"output_config": {"format": {"type": "json_schema", "schema": case.schema}}}
    return params


def _chat(case: Case) -> Json:
    content: Any = case.text
    if case.image:
        picture = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}
        content = [picture, {"type": "text", "text": case.text}]
    params: Json = {"messages": [{"role": "user", "content": content}]}
    if case.tools:
        functions = [{"name": tool.name, "parameters": tool.schema} for tool in case.tools]
        params["tools"] = [{"type": "function", "function": function} for function in functions]
    if case.stops:
        params["stop"] = list(case.stops)
    if case.schema:
        form = {"name": "answer", "schema": case.schema, "strict": True}
        params["response_format"] = {"type": "json_schema", "json_schema": form}
    return params


def _responses(case: Case) -> Json:
    content: Any = case.text
    if case.image:
        picture = {"type": "input_image", "detail": "auto", "image_url": f"data:image/png;base64,{PNG}"}
        content = [picture, {"type": "input_text", "text": case.text}]
    params: Json = {"input": [{"role": "user", "content": content}]}
    if case.tools:
        functions = [{"name": tool.name, "parameters": tool.schema, "strict": False} for tool in case.tools]
        params["tools"] = [{"type": "function", **function} for function in functions]
    if case.schema:
        form = {"type": "json_schema", "name": "answer", "schema": case.schema, "strict": True}
        params["text"] = {"format": form}
    return params


_PARAMS: Mapping[str, Callable[[Case], Json]] = {"messages": _messages, "chat": _chat, "responses": _responses}


def arrived(upstream: str, seen: Json) -> tuple[Prompt, Case]:
    """What a provider makes of the request that it got, and that request as a case of `script` "".

    seen    what the provider tells of it
    """
    body, path = json.loads(seen["body"]), seen["path"]
    if path.startswith(_HOSTED):
        model, _, verb = re.sub("^(/model/|/v1beta/models/)", "", path).rpartition(":" if upstream == "gemini" else "/")
        body |= {"model": unquote(model), "stream": "stream" in verb}
    prompt = _READERS[upstream].read(body)
    picture, schema = _PICTURES[upstream](body), _SCHEMAS[upstream](body)
    assert picture in (None, PNG, f"data:image/png;base64,{PNG}")
    told = Case("", prompt.user_text, prompt.tools, prompt.stop_sequences, picture is not None, schema)
    return replace(prompt, model=prompt.model.rpartition("/")[2]), told


_HOSTED = ("/model/", "/v1beta/models/")
"""What paths begin with that hold the model."""
_READERS: Mapping[str, Dialect] = {
    "messages": messages,
    "invoke": bedrock.INVOKE,
    "chat": chat,
    "responses": responses,
    "gemini": gemini,
    "converse": bedrock,
}


def _found(parts: Any, *path: str) -> Any:
    """The value at a path in the first of some parts that has it."""
    for part in parts if isinstance(parts, list) else ():
        value: Any = part
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        if value is not None:
            return value
    return None


def _at(body: Any, *path: str) -> Any:
    return _found([body], *path)


def _converse_schema(body: Json) -> Any:
    written = _at(body, "outputConfig", "textFormat", "structure", "jsonSchema", "schema")
    return json.loads(written) if written else None


_PICTURES: Mapping[str, Callable[[Json], Any]] = {
    "messages": lambda body: _found(body["messages"][-1]["content"], "source", "data"),
    "invoke": lambda body: _found(body["messages"][-1]["content"], "source", "data"),
    "chat": lambda body: _found(body["messages"][-1]["content"], "image_url", "url"),
    "responses": lambda body: _found(body["input"][-1]["content"], "image_url"),
    "gemini": lambda body: _found(body["contents"][-1]["parts"], "inlineData", "data"),
    "converse": lambda body: _found(body["messages"][-1]["content"], "image", "source", "bytes"),
}
_SCHEMAS: Mapping[str, Callable[[Json], Any]] = {
    "messages": lambda body: _at(body, "output_config", "format", "schema"),
    "invoke": lambda body: _at(body, "output_config", "format", "schema"),
    "chat": lambda body: _at(body, "response_format", "json_schema", "schema"),
    "responses": lambda body: _at(body, "text", "format", "schema"),
    "gemini": lambda body: _at(body, "generationConfig", "responseSchema"),
    "converse": _converse_schema,
}
