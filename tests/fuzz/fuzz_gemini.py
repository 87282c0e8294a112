"""A Gemini stream gives the same for any bytes at any cut; what it writes keeps the grammar of wire-protocols 2.5."""

from tests.core.running import Chat
from tests.fuzz.fuzz_chat import check_one
from tests.fuzz.fuzz_pipeline import SPLICES
from tests.fuzz.harness import fuzz


def check(data: bytes) -> None:
    """Fail unless the input does what it does whole and cut, for one tool call and for all."""
    check_one(data, {"translated": Chat(dialect="gemini")})
    check_one(data, SPLICES | {"translated": Chat({b"f": b"long"}, single=True, dialect="gemini")})


if __name__ == "__main__":
    fuzz(check)
