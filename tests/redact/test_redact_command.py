"""`relay redact` as a process: bytes in, bytes out, as they come; spans; answers a line; and how it ends."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

COMMAND = [sys.executable, "-m", "relay", "redact"]
CARD = "4111 1111 1111 1111"


def run(*arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*COMMAND, *arguments], input=given, capture_output=True, check=False)


def lines(done: subprocess.CompletedProcess[bytes]) -> list[Any]:
    return [json.loads(line) for line in done.stdout.splitlines()]


@contextmanager
def running(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        [*COMMAND, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0
    ) as process:
        yield process
        process.kill()


def put(process: subprocess.Popen[bytes], data: bytes) -> None:
    assert process.stdin is not None
    process.stdin.write(data)


def take(process: subprocess.Popen[bytes], size: int) -> bytes:
    assert process.stdout is not None
    taken = b""
    while len(taken) < size and (data := process.stdout.read(size - len(taken))):
        taken += data
    return taken


def test_every_class_is_masked_and_the_rest_leaves_byte_for_byte() -> None:
    done = run(given=f"é bob@x.org\r\n\0{CARD} 10.0.0.7".encode() + b"\xff\xe2\x82 \xed\xa0\xbd")

    assert done.stdout == "é [EMAIL]\r\n\0[CREDIT_CARD] [IP]".encode() + b"\xff\xe2\x82 \xed\xa0\xbd"
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_file_is_read_and_classes_are_named_with_hyphens_or_without(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_text(f"{CARD} bob@x.org 10.0.0.7")

    assert run("--classes", "credit-card, email", str(path)).stdout == b"[CREDIT_CARD] [EMAIL] 10.0.0.7"
    assert run("--classes", "credit_card", str(path)).stdout == b"[CREDIT_CARD] bob@x.org 10.0.0.7"


def test_placeholders_are_numbered() -> None:
    done = run("--mode", "placeholder", given=b"a@x.org [EMAIL_2] b@x.org a@x.org")

    assert done.stdout == b"[EMAIL_1] [EMAIL_2] [EMAIL_3] [EMAIL_1]"


def test_json_stays_json() -> None:
    done = run("--json", given=b'{"card": 4111111111111111, "text": "a\\nbob@x.org"}')

    assert done.stdout == b'{"card": "[CREDIT_CARD]", "text": "a\\n[EMAIL]"}'


def test_spans_are_code_points_without_values() -> None:
    done = run("--spans", given=f"é\U0001f600 bob@x.org {CARD} ".encode() + b"\xff 10.0.0.7")

    assert lines(done) == [
        {"class": "email", "start": 3, "end": 12},
        {"class": "credit_card", "start": 13, "end": 32},
        {"class": "ip", "start": 35, "end": 43},
    ]


def test_a_span_that_grows_is_said_once() -> None:
    secret = "password=" + "aB3x" * 60_000

    assert lines(run("--spans", given=f"{secret} bob@x.org".encode()))[0]["class"] == "token"
    assert len(lines(run("--spans", given=f"{'bob@x.org ' * 20_000}".encode()))) == 20_000


@pytest.mark.parametrize("form", [(), ("--spans",), ("--jsonl",)])
def test_what_is_certain_leaves_before_the_end(form: tuple[str, ...]) -> None:
    given = b'{"id": 1, "text": "bob@x.org"}\n' if form == ("--jsonl",) else b"to bob@x.org, "
    expected = {
        (): b"to [EMAIL], ",
        ("--spans",): b'{"class": "email", "start": 3, "end": 12}\n',
        ("--jsonl",): b'{"id": 1, "spans": [{"start": 0, "end": 9, "class": "email"}]}\n',
    }[form]

    with running(*form) as process:
        put(process, given)
        assert take(process, len(expected)) == expected


def test_bytes_may_be_cut_anywhere() -> None:
    text = "é bob@x.org \U0001f600 日本 10.0.0.7".encode()

    with running() as process:
        for at in range(len(text)):
            put(process, text[at : at + 1])
        assert process.communicate()[0] == "é [EMAIL] \U0001f600 日本 [IP]".encode()


def test_lines_are_answered_one_by_one() -> None:
    asked = [
        {"id": 1, "text": "bob@x.org 10.0.0.7"},
        {"id": "b", "text": "bob@x.org 10.0.0.7", "classes": ["email"], "custom": None},
        {"text": "\ud83d bob@x.org", "classes": ["email", "custom"], "custom": []},
        {"id": 3, "text": "bob@x.org", "classes": []},
    ]

    done = run("--jsonl", "--classes", "ip", given="\n\n".join(map(json.dumps, asked)).encode())

    assert lines(done) == [
        {"id": 1, "spans": [{"start": 10, "end": 18, "class": "ip"}]},
        {"id": "b", "spans": [{"start": 0, "end": 9, "class": "email"}]},
        {"id": None, "spans": [{"start": 2, "end": 11, "class": "email"}]},
        {"id": 3, "spans": []},
    ]
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("nonsense", "line: "),
        ("[1]", "line: "),
        ("[" * 100_000, "line: "),
        ("\ufffd", "line: "),
        ('{"id": 1}', "text: "),
        ('{"id": 1, "text": 5}', "text: "),
        ('{"id": 1, "text": "a", "classes": "email"}', "classes: "),
        ('{"id": 1, "text": "a", "classes": ["e-mail"]}', "classes: 'e-mail'"),
        ('{"id": 1, "text": "a", "custom": ["fine", "/a(/"]}', "custom.1: missing )"),
        ('{"id": 1, "text": "a", "custom": [{"pattern": 5}]}', "custom.0.pattern: "),
        ('{"id": 1, "text": "a", "clases": ["email"]}', "clases: "),
    ],
)
def test_a_bad_line_is_answered_with_the_field_that_is_wrong_and_the_next_is_read(line: str, words: str) -> None:
    done = run("--jsonl", given=f'{line}\n{{"id": 2, "text": "bob@x.org"}}\n'.encode())

    refused, answered = lines(done)
    assert refused["error"].startswith(words)
    assert refused.get("id") == (1 if '"id"' in line else None)
    assert answered == {"id": 2, "spans": [{"start": 0, "end": 9, "class": "email"}]}
    assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--classes", "e-mail"), b"--classes: 'e-mail' is no class"),
        (("--custom", "fine", "--custom", "/a(/"), b"--custom.1: missing )"),
        (("--mode", "hash"), b"'hash' is not one of 'mask', 'placeholder'"),
        (("nowhere",), b"'nowhere': No such file"),
    ],
)
def test_a_wrong_argument_is_wrong_usage(arguments: tuple[str, ...], words: bytes) -> None:
    done = run(*arguments)

    assert (done.returncode, done.stdout) == (2, b"")
    assert words in done.stderr


def test_a_reader_that_leaves_ends_it_quietly() -> None:
    with running() as process:
        assert process.stdout is not None
        assert process.stderr is not None
        put(process, b"first line\n")
        take(process, 11)
        process.stdout.close()
        put(process, b"second line\n")
        assert process.wait(10) == 1
        assert process.stderr.read() == b""
