"""What keys let their holders have, over real processes: `one` and `two` serve `a/m`, `two` alone serves `b/n`."""

from tests.support.keyed import Providers, Start, asked, counts, read


async def test_lists_of_a_key_hold_for_every_request(start: Start, two_providers: Providers) -> None:
    relay = start(
        free={}, modest={"models": ["a/*"]}, tied={"providers": ["One"]}, averse={"ignore": ["two"]}, shy={"zdr": True}
    )

    assert (await asked(relay, "free", "b/n")).status == 200
    before = counts(two_providers)

    denied = await asked(relay, "modest", "b/n")
    assert (denied.status, denied.error["type"]) == (404, "not_found_error")
    told = denied.error["availability"]
    assert (told["code"], told["excluded_by"], told["retryable"]) == ("no_endpoints", ["allowed_models"], False)

    for key in ("tied", "averse"):
        left = await asked(relay, key, "b/n")
        assert (left.status, left.error["availability"]["excluded_by"]) == (404, ["allowed_providers"])
    private = await asked(relay, "shy", provider={"zdr": False})
    assert (private.status, private.error["availability"]["code"]) == (404, "privacy_restricted")
    assert counts(two_providers) == before

    for _ in range(4):
        assert (await asked(relay, "tied", provider={"order": ["two"]})).status == 200
        assert (await asked(relay, "averse")).status == 200
    assert counts(two_providers) == [before[0] + 8, before[1]]
    for key, reason in {"modest": "policy_model_denied", "tied": "policy_no_route"}.items():
        record = await relay.record(lambda line, key=key: line["key_id"] == key and line["status"] == 404)
        assert record["error_type"] == reason


async def test_an_alias_answers_and_is_listed_beside_what_the_key_may_ask_for(start: Start) -> None:
    aliases = {"claude-sonnet-4-5": "a/m", "claude-secret": "b/n"}
    relay = start(code={"models": ["a/*"], "aliases": aliases}, free={})

    answer = await asked(relay, "code", "claude-sonnet-4-5")
    assert (answer.status, answer.events[0][1]["message"]["model"]) == (200, "a/m")
    record = await relay.record_of("claude-sonnet-4-5")
    assert record["model"] == "a/m"
    assert (await asked(relay, "free", "claude-sonnet-4-5")).error["availability"]["code"] == "model_not_found"

    for fields in ({}, {"anthropic_version": "2023-06-01"}):
        mine = await read(relay, "code", "/v1/models", **fields)
        assert [model["id"] for model in mine.json["data"]] == ["a/m", "claude-sonnet-4-5"]
        all_of_them = await read(relay, "free", "/v1/models", **fields)
        assert [model["id"] for model in all_of_them.json["data"]] == ["a/m", "b/n"]
    assert (await read(relay, "code", "/v1/models/claude-sonnet-4-5")).status == 200
    assert (await read(relay, "code", "/v1/models/b/n")).status == 404
    assert (await read(relay, "free", "/v1/models/b/n")).status == 200


async def test_defaults_stand_behind_what_a_request_says(start: Start, two_providers: Providers) -> None:
    relay = start(dev={"provider": {"order": ["two"], "allow_fallbacks": False}})

    await asked(relay, "dev")
    assert counts(two_providers) == [0, 1]
    await asked(relay, "dev", provider={"order": ["one"]})
    assert counts(two_providers) == [1, 1]


async def test_a_key_that_is_not_valid_any_more_is_answered_like_one_that_never_was(start: Start) -> None:
    relay = start(
        old={"expires": "2020-01-01T00:00:00Z"}, off={"disabled": True}, dev={"expires": "2999-01-01T00:00:00Z"}
    )

    answers = [await asked(relay, key) for key in ("old", "off", "nobody")]

    assert [answer.status for answer in answers] == [401, 401, 401]
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].error["error_type"] == "authentication"
    assert (await asked(relay, "dev")).status == 200
