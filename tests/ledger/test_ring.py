"""Ring against a plain list: what it gives is what was put in, and it forgets the oldest only."""

from hypothesis import given
from hypothesis import strategies as st

from relay.ledger.ring import Ring

SIZE = 4096


@given(sizes=st.lists(st.integers(1, SIZE // 100), max_size=400), kept=st.integers(1, 90))
def test_the_newest_lines_are_kept_whole(sizes: list[int], kept: int) -> None:
    ring = Ring(SIZE, kept)
    lines = [bytes([number % 256]) * size for number, size in enumerate(sizes)]
    for number, line in enumerate(lines):
        ring.add(str(number), line)
        found = [ring.find(str(at)) for at in range(number + 1)]
        alive = [at for at in range(number + 1) if found[at] is not None]
        assert alive == list(range(alive[0], number + 1))
        assert [found[at] for at in alive] == lines[alive[0] : number + 1]
        assert len(alive) <= kept


@given(sizes=st.lists(st.integers(36, 40), max_size=400), kept=st.integers(20, 90))
def test_lines_of_about_one_size_are_kept_in_their_full_number(sizes: list[int], kept: int) -> None:
    ring = Ring(SIZE, kept)
    for number, size in enumerate(sizes):
        ring.add(str(number), size * b"x")
        assert sum(ring.find(str(at)) is not None for at in range(number + 1)) == min(kept, number + 1)


def test_a_line_that_would_cost_many_others_is_not_kept() -> None:
    ring = Ring(SIZE, 10)
    ring.add("a", b"x" * (SIZE // 100 + 1))
    assert ring.find("a") is None


def test_no_more_memory_is_used_than_the_lines_need() -> None:
    ring = Ring(1 << 20, 80)
    for number in range(1000):
        ring.add(str(number), b"%04d" % number * 20)
    places = [ring._memory.find(b"%04d" % number * 20) for number in range(920, 1000)]
    assert 0 <= min(places) <= max(places) <= 80 * 80 * 5 // 4
