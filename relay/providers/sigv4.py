"""AWS Signature Version 4 of a POST: the header lines that say who sends it, made anew for each attempt.

They cover the content and the second, so that they can't be made in advance; what the key of a day is derived from
stays the same until midnight. Held against botocore's signer. Source: "Create a signed AWS API request", AWS
documentation.
"""

import hmac
from hashlib import sha256
from time import gmtime, strftime
from typing import Final
from urllib.parse import quote

_SERVICE: Final = "bedrock"
_CONTENT_TYPE: Final = "application/json"


class Signer:
    """Signs for one endpoint.

    access_key, secret_key   the pair; `session_token` goes with a temporary one, empty: it is none
    host, region             as the provider's host is written in the request, and where it stands
    """

    __slots__ = ("_access_key", "_day", "_host", "_key", "_region", "_secret_key", "_session_token")

    def __init__(self, access_key: str, secret_key: str, session_token: str, host: str, region: str) -> None:
        self._access_key = access_key
        self._secret_key = secret_key
        self._session_token = session_token
        self._host = host
        self._region = region
        self._day = ""
        self._key = b""

    def fields(self, path: str, digest: str, now_s: float) -> bytes:
        """Give the header lines for a request, each with CRLF.

        path     as in the request line; a segment that is percent-encoded there is so twice in what is signed
        digest   SHA-256 of the content, in hex
        now_s    Unix time
        """
        moment = strftime("%Y%m%dT%H%M%SZ", gmtime(now_s))
        scope = f"{moment[:8]}/{self._region}/{_SERVICE}/aws4_request"
        signed = {"content-type": _CONTENT_TYPE, "host": self._host, "x-amz-date": moment}
        if self._session_token:
            signed["x-amz-security-token"] = self._session_token
        names = ";".join(signed)
        lines = "".join([f"{name}:{value}\n" for name, value in signed.items()])
        canonical = f"POST\n{quote(path, safe='/~')}\n\n{lines}\n{names}\n{digest}"
        text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
        signature = hmac.digest(self._key_of(moment[:8]), text.encode(), "sha256").hex()
        token = f"x-amz-security-token: {self._session_token}\r\n" if self._session_token else ""
        credential = f"Credential={self._access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
        return f"x-amz-date: {moment}\r\n{token}authorization: AWS4-HMAC-SHA256 {credential}\r\n".encode("latin-1")

    def _key_of(self, day: str) -> bytes:
        """Give the key of a day, derived when the day is a new one."""
        if day != self._day:
            key = f"AWS4{self._secret_key}".encode()
            for word in (day, self._region, _SERVICE, "aws4_request"):
                key = hmac.digest(key, word.encode(), "sha256")
            self._key, self._day = key, day
        return self._key
