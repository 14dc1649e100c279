"""Cursors: what was issued is understood, all else is refused."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as some

from social_layer import cursors
from social_layer.refusals import Invalid


@given(number=some.integers(0, 2**63 - 1))
def test_a_change_comes_back(number: int) -> None:
    assert cursors.to_change(cursors.of_change(number)) == number


@given(position=some.binary(min_size=1, max_size=64))
def test_a_position_comes_back(position: bytes) -> None:
    assert cursors.to_position(cursors.of_position(position)) == position


@given(word=some.text())
def test_what_was_never_issued_is_refused_or_harmless(word: str) -> None:
    for read in (cursors.to_change, cursors.to_position):
        with suppress(Invalid):
            read(word)


@pytest.mark.parametrize("word", ["", "p", "é", "\x00", "Yw", "cA", "Y" * 500, cursors.of_position(b"1234")])
def test_a_cursor_of_another_kind_is_refused(word: str) -> None:
    with pytest.raises(Invalid):
        cursors.to_change(word)
