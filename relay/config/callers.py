"""Who may call: the keys of `keys`."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from relay.config.section import Name, Reference, Section


class Key(Section):
    """Who may call."""

    name: Name
    """What records and logs call the holder."""
    secret: Reference
    """The key that the client sends: 8 characters or more."""


def _key_form(value: Any) -> str | None:
    return "(list)" if isinstance(value, list) else "(open)" if value == "open" else None


Keys = Annotated[
    Annotated[list[Key], Field(min_length=1), Tag("(list)")] | Annotated[Literal["open"], Tag("(open)")],
    Discriminator(
        _key_form,
        custom_error_type="relay",
        custom_error_message="must be a list of {name, secret}, or `open`",
    ),
]
