"""`make demo` in a process of its own: it ends well, fits a terminal, and shows the personal data on one side only."""

import ast
import re
import subprocess
import sys

import pytest

from relay.run.demo.texts import PERSONAL
from relay.run.show import CLASSES, VALUES, WIDTH


@pytest.fixture(scope="module")
def shown() -> str:
    line = [sys.executable, "-m", "relay.run.show"]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def scene(shown: str, title: str) -> str:
    """What stands under a title, on one line."""
    (found,) = (part for part in shown.split("\n── ") if part.startswith(title))
    return " ".join(found.partition("\n")[2].split())


def test_it_fits_a_terminal(shown: str) -> None:
    lines = shown.splitlines()

    assert max(map(len, lines)) <= WIDTH
    assert len(lines) < 60


def test_the_client_sends_personal_data_and_the_provider_sees_none(shown: str) -> None:
    sent, seen = scene(shown, "what the client sends"), scene(shown, "what the provider saw")

    assert [value for value in VALUES if value not in sent] == []
    assert [value for value in VALUES if value in seen] == []
    assert "gateway" not in seen
    for label in ("EMAIL", "PHONE", "CREDIT_CARD", "IBAN", "CUSTOM", "TOKEN"):
        assert f"[{label}]" in seen


def test_what_the_provider_said_in_pieces_comes_back_redacted(shown: str) -> None:
    said = scene(shown, "what the provider said")
    came = "".join(ast.literal_eval(text) for text in re.findall(r"content_block_delta  ('.*')", shown))

    assert said.replace("|", "") == PERSONAL
    assert "sam.lee@example.net" not in said  # it is cut
    assert came == (
        "Noted. Sam Lee, [EMAIL] or [PHONE], leads [CUSTOM]. We refunded card [CREDIT_CARD] to [IBAN] from [IP], "
        "device [MAC], request [UUID]; SSN [SSN], key [TOKEN]."
    )
    assert scene(shown, "what came back").endswith("message_stop")


def test_the_record_counts_both_directions_usage_and_cost(shown: str) -> None:
    record = scene(shown, "what the ledger recorded")

    assert "found in the request credit_card 1, custom 1, email 1, iban 1, phone 1, token 1 " in record
    assert f"found in the response {', '.join(f'{word} 1' for word in sorted((*CLASSES, 'custom')))} " in record
    assert "usage input_tokens " in record
    assert "cost $0.00" in record
    assert "outcome complete, end_turn" in record
