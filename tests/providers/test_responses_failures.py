"""What the Responses API's own codes mean, in a stream or a whole answer that failed."""

import pytest

from relay import errors
from relay._core import PeerError
from relay.providers import fault


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("server_error", errors.ProviderFailed),
        ("rate_limit_exceeded", errors.ProviderRateLimited),
        ("invalid_prompt", errors.ProviderRefused),
        ("vector_store_timeout", errors.ProviderFailed),
    ],
)
def test_codes_of_responses_that_failed(code: str, kind: type[errors.ProviderError]) -> None:
    assert type(fault(PeerError("", "no", code))) is kind


@pytest.mark.parametrize("code", ["image_content_policy_violation", "bio_policy", "misalignment_policy_violation"])
def test_what_a_policy_forbids_is_refused_as_that(code: str) -> None:
    refused = fault(PeerError("", "no", code))
    assert isinstance(refused, errors.ProviderRefused)
    assert refused.error_type == "content_policy_violation"
