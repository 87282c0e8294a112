"""The redaction oracle against the values that its contract names, and two properties."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reference.redaction import CLASSES, find, redact
from tests.reference.redaction.view import LITERAL, view

UUID = "6f1c2b1e-9a77-4a0b-8d5c-0123456789ab"
BODY = "aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zC" * 8
SECRET = "a8F5f167f44f4964e6c998dE"
KEY = f"-----BEGIN RSA PRIVATE KEY-----\n{BODY[:64]}\n-----END RSA PRIVATE KEY-----"
JWT = f"eyJ{BODY[:20]}.eyJ{BODY[:30]}.{BODY[:40]}"


def values(text: str, classes=CLASSES, custom=()) -> list[tuple[str, str]]:
    return [(match.cls, text[match.start : match.end]) for match in find(text, classes, custom)]


@pytest.mark.parametrize(
    ("text", "chars"),
    [
        ("４１１１", "4111"),
        ("ａ＠ｂ", "a@b"),
        ("1\u00a02\u20073\u20094\u202f5\u30006", "1 2 3 4 5 6"),
        ("1\u20102\u20113\u20124\u20135\u22126", "1-2-3-4-5-6"),
        (r"a\nb", "a  b"),
        (r"a\\nb", r"a\\nb"),
        (r"a\\\nb", r"a\\  b"),
        (r"\u003cb\u003E", "      b      "),
        (r"\"a\'b\/c", " \"a 'b /c"),
        (r"\u00g1\d", r"\u00g1\d"),
        ("Straße ﬁ", "Straße ﬁ"),
        ("a[EMAIL_1]b", "a" + LITERAL * 9 + "b"),
        ("[EMAIL_0]", "[EMAIL_0]"),
        ("[IP_habcdefgh2345]", LITERAL * 18),
    ],
)
def test_view_has_one_character_for_each_code_point(text, chars):
    assert view(text).chars == chars


FOUND = [
    # 3
    ("phone", "415‑555‑2671", "{}"),
    ("credit_card", "4111\u202f1111\u202f1111\u202f1111", "{}"),
    ("credit_card", "4111111111111111", "カード番号は{}です"),
    ("email", "bob@x.org", r'"a\n{}"'),
    ("email", "bob@x.org", r"\u003c{}\u003e"),
    # 4
    ("credit_card", "4799 8676 7521 8910", "0730 {}"),
    ("credit_card", "4111 1111 1111 1111", "{} 123"),
    # 5.1
    ("email", "bob@x.org", "{}.Then"),
    ("email", "bob@x.org", "...{}'"),
    ("email", "bob@x.org", "{}です"),
    ("email", "bob@例え.テスト.com", "{}"),
    ("email", "bob@example.corp", "{}"),
    ("email", "bob@b.XN--P1AI", "{}"),
    ("email", "bob%40x.org", "mailto%3A{}&"),
    ("email", "a%2Bb%40x.org", "?q={}"),
    ("email", "git@x.org", "{} "),
    ("email", "bob@x.org", "{}×2"),
    ("email", "bob@x.org", "https://x.org、{}"),
    ("email", "bob@x.org", "网站：https://x.cn（邮箱：{}）"),
    ("email", "bob@x.org", "|https://x.org|{}|"),
    ("email", "a" * 64 + "@x.org", " {}"),
    # 5.2
    ("ip", "192.168.1.1", "{}:80"),
    ("ip", "10.0.0.7", "http://{}/8"),
    ("ip", "8.8.8.8", "{}."),
    ("ip", "2001:db8::1", "[{}]:443"),
    ("ip", "2001:db8::1", "{}: "),
    ("ip", "::ffff:10.0.0.1", "{}"),
    ("ip", "64:ff9b::8.8.8.8", "{}/96"),
    ("ip", "fe80::1%eth0", "{}."),
    ("ip", "1:2:3:4:5:6:7:8", "{}"),
    # 5.3
    ("uuid", UUID, "req_{}"),
    ("uuid", UUID, "file_{}.pdf"),
    ("uuid", UUID.upper(), "{{{}}}"),
    ("uuid", UUID, "urn:uuid:{}"),
    # 5.4
    ("mac", "00:1a:2b:3c:4d:5e", "{}"),
    ("mac", "00-1A-2B-3C-4D-5E-6F-70", "{}."),
    ("mac", "001a.2b3c.4d5e", "{}"),
    ("mac", "00:1a:2b:3c:4d:5e:6f:70", "{}"),
    # 5.5
    ("ssn", "144-11-0730", "SSN: {}"),
    ("ssn", "078-05-1120", "{}"),
    ("ssn", "144 11 0730", "social security {}"),
    ("ssn", "144.11.0730", "ss# {}"),
    ("ssn", "144110730", "ssn={}"),
    # 5.6
    ("credit_card", "378282246310005", "{}"),
    ("credit_card", "3782 822463 10005", "{}"),
    ("credit_card", "3056 930902 5904", "{}"),
    ("credit_card", "4111-1111-1111-1111", "{} 12/27"),
    ("credit_card", "4222222222222", "visa {}"),
    ("credit_card", "6759649826438453", "karte {}"),
    # 5.7
    ("iban", "DE89 3704 0044 0532 0130 00", "{} word"),
    ("iban", "GB82WEST12345698765432", "{}."),
    ("iban", "de89370400440532013000", "{}"),
    ("iban", "DE89-3704-0044-0532-0130-00", "{}"),
    # 5.8
    ("phone", "+44 20 7946 0958", "{} 2024"),
    ("phone", "+49 (0) 30 1234567", "{}"),
    ("phone", "+49 0711 1234567", "{}"),
    ("phone", "0044 20 7946 0958", "{}"),
    ("phone", "004420 79460958", "call {}"),
    ("phone", "(415) 555-2671", "{}"),
    ("phone", "+1 415-555-2671 ext. 123", "{}"),
    ("phone", "415.555.2671 x123", "{}."),
    ("phone", "01 23 45 67 89", "{}"),
    ("phone", "(030) 1234567", "{}"),
    ("phone", "030/1234567", "Telefon {}"),
    ("phone", "4155552671", "phone: {}"),
    ("phone", "4155552671 extension 5", "call {}"),
    # 6.1
    ("token", "AKIAIOSFODNN7ABCDEFG", "{}"),
    ("token", f"ghp_{BODY[:36]}", "{}"),
    ("token", f"sk-proj-{BODY}", "'{}'"),
    ("token", f"xoxb-123456789012-{BODY[:24]}", "{}"),
    ("token", f"hf_{BODY[:34]}", "{}"),
    ("token", JWT, "{}"),
    ("token", f"{JWT}.{BODY[:12]}.{BODY[:14]}", "{} "),
    ("token", f"eyJ{BODY[:20]}.eyJ{BODY * 3}", "{}"),
    ("token", KEY, "{}\nprose"),
    ("token", KEY.removesuffix("-----END RSA PRIVATE KEY-----"), "{}(prose"),
    ("token", BODY[:86] + "==", "AccountKey={};"),
    # 6.2
    ("token", SECRET, "api_key = '{}'"),
    ("token", SECRET, "MY_SECRET_KEY_BASE={}"),
    ("token", SECRET, "apiKey => {};"),
    ("token", SECRET, r"{{\"token\": \"{}\"}}"),
    ("token", SECRET, "config['secret'] = \"{}\""),
    ("token", SECRET, "my token is {}"),
    ("token", SECRET, '"api_key", "{}"'),
    ("token", SECRET, 'name="token" value="{}"'),
    ("token", SECRET, "run --api-key {} now"),
    ("token", BODY, "secret: {}"),
    # 6.3
    ("token", "Tr0ub4dor", "password: {}."),
    ("token", "hunter2kX!9", "DB_PASSWORD='{}'"),
    ("token", "battery77horse", "pwd={}"),
    ("token", "hunter2kX!9", "docker login --password {} reg.io"),
    ("token", "hunter2kX!9", "--db-passphrase '{}'"),
    # 6.4
    ("token", SECRET, "Bearer {}"),
    ("token", SECRET, "Authorization: {}"),
    ("token", "dXNlcjpwYXNzd29yZA==", "Authorization: Basic {}"),
    ("token", "s3cret-pw", "curl -s https://x.example -u bob:{} "),
    # 6.5
    ("token", "hunter22", "postgres://app:{}@db.internal/x"),
    ("token", "xpw", "https://user:{}@host.com"),
]


@pytest.mark.parametrize(("cls", "value", "around"), FOUND)
def test_a_value_that_the_contract_names_is_found(cls, value, around):
    assert (cls, value) in values(around.format(value))


NEAR_MISSES = [
    # 5.1
    "logo@2x.png",
    "q@k.transpose",
    "pkg@1.2.3",
    "a" * 65 + "@x.org",
    "bo..b@x.org",
    "bob.@x.org",
    "b''b@x.org",
    "a%20b%40x.org",
    "git@github.com:org/repo",
    "hg@x.org/repo",
    "ssh://git@host.com",
    "https://jürgen@host.com",
    "[EMAIL]bob@x.org",
    # 5.2
    "Chrome/120.0.6099.109",
    "pkg==1.2.3.4",
    "pkg >= 1.2.3.4",
    "version 1.2.3.4",
    "Version number is 1.2.3.4",
    "firmware: 10.2.3.4",
    "01.2.3.4",
    "1.2.3.256",
    "1.2.3.4.5",
    "1.2.3.4-rc",
    "0.0.0.0",
    "127.0.0.1",
    "255.255.255.0",
    "std::vec",
    "a::b",
    "dead::beef",
    "[::2]",
    "1::3",
    "::",
    "::1",
    # 5.3
    "00000000-0000-0000-0000-000000000000",
    "ffffffff-ffff-ffff-ffff-FFFFFFFFFFFF",
    UUID.replace("-", ""),
    f"x{UUID}",
    # 5.4
    "00:1a:2b:3c:4d",
    "00:1a:2b:3c:4d:5e:6f",
    ":".join(["1a"] * 16),
    "00:1a-2b:3c-4d:5e",
    "00:00:00:00:00:00",
    "ff-ff-ff-ff-ff-ff",
    "001122334455",
    "0011.2233.4455",
    # 5.5
    "000-11-0730",
    "666-11-0730",
    "944-11-0730",
    "144-00-0730",
    "144-11-0000",
    "144 11 0730",
    "144110730",
    "144-11-0730-1",
    # 5.6
    "4111 1111 1111 1112",
    "4111.1111",
    "4111-1111 1111-1111",
    "4222222222222",
    "6759649826438453",
    "0000000000000000",
    # 5.7
    "DE88370400440532013000",
    "De89370400440532013000",
    "ZZ89370400440532013000",
    "DE8937040044053201300",
    # 5.8
    "Order #4155552671",
    "ISBN 415-555-2671",
    "1700000000",
    "4155552671",
    "411-555-2671",
    "415-911-2671",
    "call 2024-01-02",
    "call 01/02/2024",
    "0101 0101 0101",
    "030-00-3456",
    "01234-5678",
    "01234-56789",
    "030 1234567",
    "0211.12.34.56",
    "01 23 45 67 8901",
    "call 1010101",
    # 6.1
    f"ghp_{'x' * 36}",
    f"ghp_{BODY[:37]}",
    "AKIAIOSFODNN7EXAMPLE",
    "hf_hub_download_something_long_enough_to_be_one",
    f"pk_live_{BODY[:24]}",
    "AC" + "0123456789abcdef" * 2,
    "A -----BEGIN PRIVATE KEY----- line opens the file and nothing but prose comes after the header",
    KEY.replace("PRIVATE", "PUBLIC"),
    f"eyJ{BODY[:20]}.eyJ{BODY[:30]}",
    # 6.2
    f"max_tokens = {SECRET}",
    f"tokenizer: {SECRET}",
    f"csrf_token={SECRET}",
    f"accesstoken={SECRET}",
    f"token = {SECRET}(x)",
    f"token = {SECRET}[0]",
    "token = os.environ2.get3.token_value",
    "secret: some-words-joined-together-2024",
    "secret: /etc/keys/service/key01.pem",
    "token: 2024-01-02T10-11-12-1234Z",
    "api_key = your-key-0123456789ab",
    "token = aaaaaaaaaaaaaaaaaaaa11",
    # 6.3
    "password: $PASSWORD123x",
    "password: {{Secret99xy",
    "password=get_Password99",
    "password=settings.Password99",
    "password: user=Secret99x",
    "password: getSecret99x(",
    "password: hunter22",
    "password: lower",
    "--password-file Hunter2kX!9",
    # 6.4
    "Basic authentication is old",
    "Bearer of bad news",
    # 6.5
    "https://user:password@host",
    "https://user:${PASSWORD}@host",
    "https://user:<token>@host",
    "https://user:my_secret_word@host",
    "https://user:ab@host",
]


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_near_miss_is_left_alone(text):
    assert values(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ssn 144 11 0730, 144 11 0731 and 144 11 0732", ["ssn"] * 3),
        ("ssn 144 11 0730 but also 144 11 0731", ["ssn"]),
        ("ssn [SSN], 144 11 0731", ["ssn"]),
        ("ssn bob@x.org, 144 11 0731", ["email"]),
        ("classn 144 11 0731", []),
        ("カード 6759649826438453", ["credit_card"]),
        ("postgres://bob:hunter22@x.org", ["token"]),
    ],
)
def test_context_stands_to_the_left_and_ends_at_the_last_match(text, expected):
    assert [cls for cls, _ in values(text)] == expected


OAUTH = "ghp_aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC2dF4hJ6"
IN_USERS = [
    (f"git clone https://{OAUTH}:x-oauth-basic@github.com/a", (), "git clone https://[TOKEN]:[TOKEN]@github.com/a"),
    ("postgres://apollo:s3cretPw9@db.host/x", ("apollo",), "postgres://[CUSTOM]:[TOKEN]@db.host/x"),
    ("https://10.0.0.7:hunter22@x.org", (), "https://[IP]:[TOKEN]@x.org"),
    ("see https://apollo:s3cretPw9@db.host/x", ("see https", "apollo"), "[CUSTOM]://[CUSTOM]:[TOKEN]@db.host/x"),
]


@pytest.mark.parametrize(("text", "custom", "left"), IN_USERS)
def test_what_stands_in_the_user_of_a_url_is_found_beside_its_password(text, custom, left):
    assert redact(text, CLASSES, custom) == left
    assert redact(left, CLASSES, custom) == left


def test_a_class_that_is_off_hides_nothing():
    assert values("https://bob:hunter22@x.org", ["email"]) == []
    assert values("https://bob:hunter、22|pw@x.org", ["email"]) == []
    assert values("00:1a:2b:3c:4d:5e:6f:70", ["ip"]) == []


def test_redact_masks_each_match():
    assert redact("bob@x.org at 8.8.8.8.", CLASSES) == "[EMAIL] at [IP]."


GLUE = [
    "",
    " ",
    ", ",
    " and ",
    "\n",
    ".",
    "-",
    "/",
    ":",
    "@",
    "(",
    ")",
    '"',
    "_",
    r"\n",
    "=",
    "1",
    "x",
    "です",
    "[EMAIL]",
    "+",
]
PIECES = st.sampled_from(
    [around.format(value) for _, value, around in FOUND] + [value for _, value, _ in FOUND] + NEAR_MISSES
)
TEXTS = st.lists(st.one_of(PIECES, st.sampled_from(GLUE)), max_size=8).map("".join)


@settings(deadline=None, max_examples=150)
@given(TEXTS)
def test_a_redacted_text_has_nothing_left_to_redact(text):
    once = redact(text, CLASSES)
    assert redact(once, CLASSES) == once


@settings(deadline=None, max_examples=60)
@given(TEXTS, TEXTS, TEXTS)
def test_a_match_depends_on_its_surroundings_only(before, text, after):
    quiet = "(.) " * 160
    alone = [(match.start, match.end, match.cls) for match in find(quiet + text + quiet, CLASSES)]
    shift = len(before)
    whole = find(before + quiet + text + quiet + after, CLASSES)
    end = shift + len(quiet + text + quiet)
    inside = [match for match in whole if shift <= match.start and match.end <= end]
    assert [(match.start - shift, match.end - shift, match.cls) for match in inside] == alone
