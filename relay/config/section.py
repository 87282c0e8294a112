"""What every part of the configuration's schema is made of: Section, Reference, and values that several parts share."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from relay.config.values import Duration, Text, Url, refusal

Clock = Annotated[float, Duration("10ms", "24h")]
Name = Annotated[str, Text(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", "a name of letters, digits, `.`, `_` and `-`")]
ModelName = Annotated[str, Text(r"[!-~]{1,256}", "a model name without spaces, at most 256 characters")]
Line = Annotated[str, Text(r"[^\x00-\x1f\x7f]{1,1024}", "one line of text")]
WebUrl = Annotated[str, Url()]
Quantization = Literal[
    "int4", "int8", "fp4", "mxfp4", "nvfp4", "fp6", "fp8", "mxfp8", "fp16", "bf16", "fp32", "unknown"
]
Tokens = Annotated[int, Field(ge=1, le=100_000_000)]


class Section(BaseModel):
    """A mapping of the file: closed, frozen, without coercion."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)


class Reference(Section):
    """Where a secret stands; the file itself never holds one."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["env"]}, {"required": ["file"]}]})

    env: Annotated[str, Text(r"[A-Za-z_][A-Za-z0-9_]{0,127}", "the name of an environment variable")] | None = None
    """The environment variable that holds the secret."""
    file: Line | None = None
    """The file that holds the secret and nothing else; relative to the configuration's folder."""

    @model_validator(mode="before")
    @classmethod
    def _refuse_literal(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            raise refusal("a secret never stands in the file; write {env: NAME} or {file: PATH}")
        given = [key for key in ("env", "file") if value.get(key) is not None]
        if len(given) != 1 and "exec" not in value:
            raise refusal("must be either {env: NAME} or {file: PATH}")
        return value


class AccessTokens(Section):
    """A credential of a cloud whose tokens end after an hour: its own library gets them, and anew before they end."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["google"]}, {"required": ["entra"]}]})

    google: Line | None = None
    """`default`: what the surroundings have (`GOOGLE_APPLICATION_CREDENTIALS`, the login of gcloud, the machine's own
    account). Else a file with credentials, relative to the configuration's folder."""
    entra: Literal["default"] | None = None
    """`default`: what the surroundings have (variables `AZURE_…`, workload or managed identity, the login of az)."""
    scope: Line | None = None
    """What the tokens are for; default: all of Google Cloud, or Azure's Cognitive Services."""

    @model_validator(mode="after")
    def _from_one(self) -> "AccessTokens":
        if (self.google is None) == (self.entra is None):
            raise refusal("must be either {google: …} or {entra: default}")
        return self


class KeyPair(Section):
    """A credential of AWS: requests are signed with it, and it never leaves this process."""

    access_key: Reference
    """Where the access key stands."""
    secret_key: Reference
    """Where the secret key stands."""
    session_token: Reference | None = None
    """Where the session token of a temporary pair stands."""

    @property
    def parts(self) -> dict[str, Reference]:
        """What it is made of, in order."""
        found = {"access_key": self.access_key, "secret_key": self.secret_key}
        return found | ({"session_token": self.session_token} if self.session_token else {})
