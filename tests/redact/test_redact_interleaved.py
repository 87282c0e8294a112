"""Channels know nothing of each other (R14)."""

from itertools import zip_longest
from random import Random

from relay._core import Channel
from tests.redact.cuts import cut
from tests.redact.running import channel, json_channel, run
from tests.redact.texts import random_places, random_text, random_value, written


def jobs(random: Random) -> list[tuple[bool, list[str]]]:
    """A thousand texts and documents, each in pieces."""
    texts = [
        (is_json, written(random_value(random), random) if is_json else random_text(random) + random_text(random))
        for is_json in random.choices((False, True), (2, 1), k=1_000)
    ]
    return [(is_json, cut(text, random_places(text, random, 30))) for is_json, text in texts]


def opened(is_json: bool) -> Channel:
    return json_channel() if is_json else channel()


def test_a_thousand_interleaved_channels_give_what_they_give_one_after_the_other() -> None:
    fed = jobs(Random(71))
    alone = [run(opened(is_json), parts) for is_json, parts in fed]

    used = [opened(is_json) for is_json, _ in fed]
    outputs = [""] * len(fed)
    for turn in zip_longest(*(parts for _, parts in fed)):
        for place, piece in enumerate(turn):
            if piece is not None:
                outputs[place] += used[place].feed(piece)
    outputs = [output + each.flush() for output, each in zip(outputs, used, strict=True)]

    assert outputs == alone


def test_channels_that_take_turns_at_random_give_what_they_give_alone() -> None:
    random = Random(72)
    fed = jobs(random)[:100]
    used = [opened(is_json) for is_json, _ in fed]
    outputs = [""] * len(fed)
    turns = [place for place, (_, parts) in enumerate(fed) for _ in parts]
    random.shuffle(turns)
    rests = [iter(parts) for _, parts in fed]

    for place in turns:
        outputs[place] += used[place].feed(next(rests[place]))

    assert [output + each.flush() for output, each in zip(outputs, used, strict=True)] == [
        run(opened(is_json), parts) for is_json, parts in fed
    ]
