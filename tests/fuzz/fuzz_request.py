"""Any bytes of a client are read as aiohttp's parser reads them, or left to it."""

from relay._core import whole_request
from tests.fuzz.harness import fuzz
from tests.reference.request import Read, agrees


def check(data: bytes) -> None:
    """Fail unless what is taken for a plain request is that to aiohttp too."""
    request = whole_request(data)
    if request is None:
        return
    assert request.content is not None
    assert agrees(data, Read(request.method, request.path, request.fields, request.content))
    assert whole_request(data + b"x") is None


if __name__ == "__main__":
    fuzz(check)
