"""What pydantic found, in the operator's words: `faults_of`, `prune`.

A key that the contracts name and this version doesn't build gets its sentence from `unbuilt`; any other unknown key
gets the nearest known one as a suggestion.
"""

from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, Tag, ValidationError

from relay.config.faults import Fault, Where, looks_secret
from relay.config.schema import File
from relay.config.source import Source
from relay.config.unbuilt import UNBUILT

_REASONS = {
    "missing": "required key is missing",
    "model_type": "must be a mapping",
    "dict_type": "must be a mapping",
    "list_type": "must be a list",
    "string_type": "must be text",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "too_short": "must hold at least one entry",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be {expected}",
}


def faults_of(error: ValidationError, source: Source, root: type[BaseModel] = File) -> list[Fault]:
    """Give every fault that pydantic reports of a file of the kind `root`, with its line."""
    found = error.errors(include_url=False, include_input=False)
    return [source.fault(_where(entry["loc"]), reason_of(entry, root)) for entry in found]


def prune(error: ValidationError, data: Any) -> set[Where]:
    """Take unknown keys out of `data`, so that the rest can be judged as well; give the mappings that held them."""
    holders = set()
    for entry in error.errors(include_url=False, include_input=False, include_context=False):
        if entry["type"] == "extra_forbidden":
            where = _where(entry["loc"])
            holder = _at(data, where[:-1])
            if isinstance(holder, dict):  # else a key that is spelled as a step of pydantic's took it out already
                holder.pop(where[-1], None)
                holders.add(where[:-1])
    return holders


def _at(data: Any, where: Where) -> Any:
    """Give what stands at a place; None where nothing does."""
    for part in where:
        if isinstance(data, list) and isinstance(part, int):
            data = data[part]
        else:
            data = data.get(part) if isinstance(data, dict) else None
    return data


def suggestion(word: str, known: list[str]) -> str:
    """Give `; did you mean …?` when a known word comes near, else nothing."""
    from difflib import get_close_matches  # for an error alone

    near = get_close_matches(word[:128], known, n=1)
    return f"; did you mean {near[0]}?" if near and not looks_secret(word) else ""


def _where(loc: tuple[str | int, ...]) -> Where:
    """Give the place without pydantic's own steps: `(…)` for a form of a union, `[key]` for a mapping's key."""
    return tuple(part for part in loc if not _is_form(part) and part != "[key]")


def _is_form(part: object) -> bool:
    return part in ("(caller)", "(list)", "(open)", "(pair)", "(tokens)", "(entry)", "(text)")


def reason_of(entry: Any, root: type[BaseModel] = File) -> str:
    """Give one of pydantic's errors, of a file of the kind `root`, in the operator's words."""
    if entry["type"] == "extra_forbidden":
        return _unknown(entry["loc"], root)
    if entry["type"] in _REASONS:
        return _REASONS[entry["type"]].format(**entry.get("ctx", {}))
    return str(entry["msg"]) if entry["type"] == "relay" else "is not what this key takes"


def _unknown(loc: tuple[str | int, ...], root: type[BaseModel]) -> str:
    section = _section(loc[:-1], root)
    key = str(loc[-1])
    phrase = UNBUILT.get(section.__name__, {}).get(key)
    if phrase is not None:
        return f"this version of relay {phrase}; remove the key"
    return "unknown key" + suggestion(key, list(section.model_fields))


def _section(loc: tuple[str | int, ...], root: type[BaseModel]) -> type[BaseModel]:
    """Give the class of the mapping at a place of pydantic's."""
    kind: Any = root
    for part in loc:
        kind = _inside(_plain(kind, part), part)
    found = _plain(kind, "")
    return found if isinstance(found, type) and issubclass(found, BaseModel) else root


def _inside(kind: Any, part: str | int) -> Any:
    if _is_form(part):
        return kind
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind.model_fields[str(part)].annotation
    return get_args(kind)[-1]


def _plain(kind: Any, part: str | int) -> Any:
    """Take off annotations and optionality; of a union of forms give the one that `part` names."""
    while get_origin(kind) in (Annotated, Union, UnionType):
        if get_origin(kind) is Annotated:
            kind = get_args(kind)[0]
            continue
        choices = [choice for choice in get_args(kind) if choice is not type(None)]
        kind = next((choice for choice in choices if Tag(str(part)) in get_args(choice)[1:]), choices[0])
    return kind
