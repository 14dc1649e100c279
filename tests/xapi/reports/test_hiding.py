"""Numbers about few people stay untold, also to those who subtract."""

from hypothesis import given
from hypothesis import strategies as st

from xapi.reports.hiding import LEAST, hidden_among, hidden_of, is_small, part_told
from xapi.reports.measures import HIDDEN


@given(st.lists(st.integers(0, 40), max_size=12))
def test_what_is_hidden_is_never_one_cell_or_few_people(people: list[int]) -> None:
    hidden = hidden_among(people)
    assert {place for place, number in enumerate(people) if is_small(number)} <= hidden
    shown = [number for place, number in enumerate(people) if place not in hidden and number]
    if hidden and shown:
        # What is left when all that is told is taken from the sum.
        rest = [people[place] for place in hidden]
        assert len(rest) >= 2
        assert sum(rest) >= LEAST


@given(st.lists(st.integers(0, 40), max_size=12))
def test_nothing_is_hidden_where_nothing_is_small(people: list[int]) -> None:
    assert bool(hidden_among(people)) is any(map(is_small, people))


@given(st.integers(0, 50), st.integers(0, 50))
def test_a_part_does_not_tell_the_rest(part: int, rest: int) -> None:
    told = part_told(part, part + rest)
    assert (told is HIDDEN) is (is_small(part) or is_small(rest))


@given(st.lists(st.integers(0, 40), min_size=1, max_size=12), st.integers(0, 12))
def test_people_in_several_cells_hide_no_less(people: list[int], shared: int) -> None:
    whole = max([*people, sum(people) - shared])
    hidden = hidden_of(people, whole)
    assert hidden_among(people) <= hidden
    assert not any(is_small(whole - n) for place, n in enumerate(people) if n and place not in hidden)
    if is_small(sum(people) - whole):
        assert hidden & {place for place, n in enumerate(people) if n}
