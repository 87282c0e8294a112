"""What names lead to: variants that are declared, of models that reason, and models that are gone."""

from dataclasses import replace

import pytest

from relay.catalog import Generation, Model
from relay.errors import ModelGone, UnknownModel
from tests.route.shapes import call, endpoint, generation, router, tried

PAID = Model("a/paid", (endpoint("paid", 1),))


def catalogue(**told: object) -> Generation:
    thinking = Model("a/m", (endpoint("p", thinks=True),))
    base = generation(endpoint("p"), a_paid=PAID)
    return Generation(
        models={**base.models, "a/m:free": Model("a/m:free", (endpoint("free", 0),))},
        wildcards=(Model("wild/*", (endpoint("wild"),)),),
        keys=None,
        credentials={},
        thinking={"a/m:thinking": thinking},
        deprecated={"a/old": "a/m", "wild/old": "a/m"},
    )


@pytest.mark.parametrize("variant", ["free", "extended", "thinking"])
def test_a_variant_that_nobody_declares_is_no_model(variant: str) -> None:
    with pytest.raises((UnknownModel, ModelGone)):
        router(catalogue()).plan(call(f"a/paid:{variant}"))


def test_a_declared_variant_is_a_model_of_its_own() -> None:
    assert tried(router(catalogue()), call("a/m:free")) == ["free/m"]
    assert router(catalogue()).plan(call("a/m:free")).model == "a/m:free"


def test_a_variant_that_thinks_answers_as_its_model() -> None:
    plan = router(catalogue()).plan(call("a/m:thinking"))

    attempt = plan.next()
    assert attempt is not None
    assert (attempt.slug, attempt.endpoint.id, attempt.endpoint.thinks) == ("a/m", "p/m", True)


@pytest.mark.parametrize(
    ("name", "code", "successor"),
    [
        ("a/old", "model_deprecated", "a/m"),
        ("wild/old", "model_deprecated", "a/m"),
        ("a/paid:free", "free_variant_ended", "a/paid"),
    ],
)
def test_a_model_that_is_gone_names_who_answers_instead(name: str, code: str, successor: str) -> None:
    with pytest.raises(ModelGone) as raised:
        router(catalogue()).plan(call(name))

    told = raised.value.availability
    assert told is not None
    assert raised.value.status == 404
    assert (told["code"], told["retryable"], told["fallback_models"]) == (code, False, [successor])
    assert told["docs_url"].endswith(f"#{code}")


def test_a_model_that_is_gone_is_named_where_the_request_has_it() -> None:
    with pytest.raises(ModelGone, match=r"^models\.1: 'a/old' is not served any more; use 'a/m'$"):
        router(catalogue()).plan(call(models=["a/paid", "a/old"]))


def test_close_names_are_those_that_answer() -> None:
    with pytest.raises(UnknownModel) as raised:
        router(catalogue()).plan(call("a/olt"))

    assert raised.value.availability is not None
    assert "a/old" not in raised.value.availability["fallback_models"]


def test_a_release_behind_a_wildcard_has_the_price_of_its_model() -> None:
    known = replace(endpoint("q", 3), model="m-1")
    wild = replace(endpoint("q"), id="q/*", model="*")
    base = catalogue()
    found = replace(base, models={**base.models, "q/m-1": Model("q/m-1", (known,))}, wildcards=(Model("q/*", (wild,)),))

    attempt = router(found).plan(call("q/m-1-2025-10-01")).next()
    other = router(found).plan(call("q/m-2-20251001")).next()

    assert attempt
    assert (attempt.model, attempt.slug, attempt.endpoint.price) == ("m-1-2025-10-01", "q/m-1-2025-10-01", known.price)
    assert other
    assert (other.model, other.endpoint.price) == ("m-2-20251001", None)
