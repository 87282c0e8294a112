"""The keys of `redact`."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from relay.config.section import Reference, Section
from relay.config.values import Size, Text


class CustomPattern(Section):
    """A phrase or an RE2 pattern with more to say than itself."""

    pattern: str
    """RE2, or the text itself with `literal`."""
    name: Annotated[str, Text(r"[^\x00-\x1f\x7f]{1,64}", "one line of text, at most 64 characters")] | None = None
    """What it is called."""
    literal: bool = False
    """The pattern is text, not RE2."""
    ignore_case: bool = False
    """Any case matches."""
    max_len: Annotated[int, Field(ge=1, le=256)] | None = None
    """Most characters of a match; default 128."""


def _custom_form(value: Any) -> str:
    return "(entry)" if isinstance(value, dict | CustomPattern) else "(text)"


def _mode_form(value: Any) -> str:
    return "(entry)" if isinstance(value, dict) else "(text)"


Custom = Annotated[
    Annotated[str, Tag("(text)")] | Annotated[CustomPattern, Tag("(entry)")], Discriminator(_custom_form)
]
Mode = Literal["mask", "placeholder", "hash", "block", "report"]
RedactionClass = Literal["email", "phone", "ip", "uuid", "token", "credit_card", "iban", "ssn", "mac", "custom"]
ModeOfEach = Annotated[
    Annotated[Mode, Tag("(text)")] | Annotated[dict[RedactionClass, Mode], Tag("(entry)")], Discriminator(_mode_form)
]


class RedactionPolicy(Section):
    """What is found in calls and what becomes of it; who says it further down can only add to it."""

    email: bool = False
    """E-mail addresses."""
    phone: bool = False
    """Telephone numbers."""
    ip: bool = False
    """IP addresses."""
    uuid: bool = False
    """UUIDs."""
    token: bool = False
    """Secrets and API keys."""
    credit_card: bool = False
    """Card numbers."""
    iban: bool = False
    """Bank account numbers."""
    ssn: bool = False
    """US social security numbers."""
    mac: bool = False
    """Hardware addresses."""
    custom: list[Custom] = Field(default=[], max_length=32)
    """Phrases, `/RE2/` or `/RE2/i`, or mappings with `pattern`."""
    mode: ModeOfEach | None = None
    """What becomes of a match, for every class or class by class; default mask, which a request may change."""
    apply_to: Annotated[list[Literal["request", "response"]], Field(min_length=1)] | None = None
    """Which ways are scanned; default both."""
    restore: bool | None = None
    """In mode placeholder, originals come back into the response; default true, false holds for every call."""
    restore_in: list[Literal["text", "tool_input", "token_text"]] | None = None
    """Where originals come back; default text and tool_input."""
    allow: list[str] = Field(default=[], max_length=256)
    """Values left alone: exact, `@domain`, `*.domain`, a CIDR, `prefix*` of a token."""
    session: Annotated[str, Field(max_length=256)] | None = None
    """The scope of hashes where a request names none; default the whole tenant."""
    scan_thinking: Literal["pass", "drop"] = "pass"
    """drop: thinking blocks are taken out of responses."""
    on_unscannable: Literal["pass", "block"] = "pass"
    """block: requests with images, audio, PDFs and other binary content are refused."""

    def words(self) -> dict[str, Any]:
        """Give the policy in the words of a request's `gateway.redact`: only what is written."""
        members = set(RedactionPolicy.model_fields)
        return self.model_dump(mode="json", include=members, exclude_defaults=True, exclude_none=True)

    def hashes(self) -> bool:
        """Tell whether something is to be replaced by hashes, which take a key."""
        return "hash" in (self.mode.values() if isinstance(self.mode, dict) else (self.mode,))


class Redact(RedactionPolicy):
    """The operator's floor of redaction for every call; keys and requests can only add to it."""

    coverage: Literal["open", "strict"] = "open"
    """strict: a block or delta that relay doesn't know ends the stream, where it else passes unscanned."""
    hold_max: Annotated[int, Size("64B", "64KiB")] = Field(default="64KiB", validate_default=True)
    """Most text of a block that may wait to be decided, a byte a character; classes that may need more are refused."""
    hash_key: Reference | None = None
    """The secret of mode hash, 16 characters or more; without one the mode is refused."""
