"""A Responses stream gives the same for any bytes at any cut, and keeps the grammar of wire-protocols 2.5."""

from tests.core.running import Chat
from tests.fuzz.fuzz_chat import check_one
from tests.fuzz.fuzz_pipeline import SPLICES
from tests.fuzz.harness import fuzz


def check(data: bytes) -> None:
    """Fail unless the input does what it does whole and cut, for one tool call and for all."""
    check_one(data, {"translated": Chat(dialect="responses")})
    check_one(data, SPLICES | {"translated": Chat({b"f": b"long"}, single=True, dialect="responses")})


if __name__ == "__main__":
    fuzz(check)
