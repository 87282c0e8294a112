"""What Bedrock answers 400, by the name of its exception."""

import pytest

from relay import errors
from relay.providers import error

BODY = b'{"message":"no"}'


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ServiceQuotaExceededException", errors.ProviderRateLimited),
        ("ThrottlingException:http://internal.amazon.com/coral/com.amazon.bedrock/", errors.ProviderRateLimited),
        ("ExpiredTokenException", errors.ProviderAuth),
        ("UnrecognizedClientException", errors.ProviderAuth),
        ("ValidationException", errors.ProviderRefused),
    ],
)
def test_a_quota_or_a_credential_is_no_fault_of_the_request(name: str, kind: type[errors.ProviderError]) -> None:
    assert type(error(400, {b"x-amzn-errortype": name.encode()}, BODY)) is kind


def test_a_status_that_says_enough_stays() -> None:
    refused = error(403, {b"x-amzn-errortype": b"ThrottlingException"}, BODY)
    assert (type(refused), refused.upstream_status) == (errors.ProviderAuth, 403)
