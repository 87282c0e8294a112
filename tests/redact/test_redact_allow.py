"""What an allow list leaves alone: each form for its own class, and nothing by accident."""

import pytest

from relay.redact.allow import NOTHING, Allow, is_too_wide
from relay.redact.classes import Class


@pytest.mark.parametrize(
    ("entry", "cls", "value", "is_covered"),
    [
        ("bob@x.org", Class.EMAIL, "bob@x.org", True),
        ("bob@x.org", Class.EMAIL, "ｂob@x.org", True),
        ("bob@x.org", Class.EMAIL, "rob@x.org", False),
        ("@X.org", Class.EMAIL, "bob@x.ORG", True),
        ("@x.org", Class.EMAIL, "bob%40x.org", True),
        ("@x.org", Class.EMAIL, "bob@a.x.org", False),
        ("@x.org", Class.CUSTOM, "bob@x.org", False),
        ("*.x.org", Class.EMAIL, "bob@a.b.X.org", True),
        ("*.x.org", Class.EMAIL, "bob@x.org", False),
        ("*.x.org", Class.EMAIL, "bob@ax.org", False),
        ("10.0.0.0/8", Class.IP, "10.1.2.3", True),
        ("10.0.0.7/8", Class.IP, "10.1.2.3", True),
        ("10.0.0.0/8", Class.IP, "11.1.2.3", False),
        ("10.0.0.0/8", Class.IP, "::ffff:10.1.2.3", False),
        ("2001:db8::/32", Class.IP, "2001:DB8::5", True),
        ("fe80::/10", Class.IP, "fe80::1%eth0", True),
        ("10.0.0.0/8", Class.IP, "no address", False),
        ("10.0.0.0/8", Class.TOKEN, "10.1.2.3", False),
        ("a/b", Class.TOKEN, "a/b", True),
        ("sk-test-*", Class.TOKEN, "sk-test-123", True),
        ("sk-test-*", Class.TOKEN, "sk-live-123", False),
        ("sk-test-*", Class.CUSTOM, "sk-test-123", False),
        ("4111", Class.CREDIT_CARD, "4111", True),
    ],
)
def test_an_entry_covers_what_its_form_says(entry: str, cls: Class, value: str, is_covered: bool) -> None:
    assert Allow.read([entry]).covers(cls, value) == is_covered


@pytest.mark.parametrize("cls", Class)
def test_an_empty_list_leaves_nothing_alone(cls: Class) -> None:
    assert not any(NOTHING.covers(cls, value) for value in ("", "a", "a@b.org", "10.0.0.1"))


def test_joined_lists_cover_what_each_covers() -> None:
    joined = Allow.read(["a", "@x.org"]).joined(Allow.read(["b", "10.0.0.0/8"]), Allow.read(["t*", "*.y.org"]))

    covered = [(Class.SSN, "a"), (Class.SSN, "b"), (Class.EMAIL, "i@x.org"), (Class.EMAIL, "i@a.y.org")]
    assert all(joined.covers(*each) for each in (*covered, (Class.IP, "10.9.9.9"), (Class.TOKEN, "tok")))


def test_a_form_without_content_is_too_wide() -> None:
    assert [entry for entry in ("*", "@", "*.", "*x", "@x", "*.x", "x") if is_too_wide(entry)] == ["*", "@", "*."]
