"""Responses of Gemini streams as Google sends them."""

from typing import Any

from tests.support.chunks import frame

Json = dict[str, Any]


def response(*parts: Json, finish: str | None = None, usage: Json | None = None, **members: Any) -> bytes:
    """One event with one candidate; `members` are added to it, or replace."""
    candidate: Json = {"content": {"role": "model", "parts": list(parts)}, "index": 0}
    if finish is not None:
        candidate["finishReason"] = finish
    body: Json = {"candidates": [candidate], "modelVersion": "up-model", "responseId": "resp-1"}
    if usage is not None:
        body["usageMetadata"] = usage
    return frame({key: value for key, value in (body | members).items() if value is not ...}).replace(b"\n", b"\r\n")


def text(said: str, signature: str | None = None) -> Json:
    return _signed({"text": said}, signature)


def thought(said: str, signature: str | None = None) -> Json:
    return _signed({"text": said, "thought": True}, signature)


def call(name: str, args: Any = ..., id: str | None = None, signature: str | None = None) -> Json:
    said: Json = {"name": name}
    if id is not None:
        said["id"] = id
    if args is not ...:
        said["args"] = args
    return _signed({"functionCall": said}, signature)


def _signed(part: Json, signature: str | None) -> Json:
    return part if signature is None else part | {"thoughtSignature": signature}


def counts(prompt: int = 12, candidates: int | None = 5, **others: int) -> Json:
    """Usage; `others` in Google's words, without `TokenCount`."""
    told = {"promptTokenCount": prompt} | {f"{name}TokenCount": count for name, count in others.items()}
    if candidates is not None:
        told["candidatesTokenCount"] = candidates
    return {"totalTokenCount": prompt + (candidates or 0) + others.get("thoughts", 0)} | told


def conversation(*parts: Json, finish: str = "STOP", usage: Json | None = None) -> bytes:
    """A whole stream, a part an event, the last of them with the end."""
    *first, last = parts
    events = [response(part, usage=counts(candidates=None)) for part in first]
    return b"".join([*events, response(last, finish=finish, usage=usage or counts())])
