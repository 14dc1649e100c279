"""Effects and their intervals, against published ones."""

import pytest

from xapi.reports.statistics import newcombe, spearman, wilson


def test_wilson_as_published() -> None:
    """Newcombe 1998 (Statistics in Medicine 17, 857-872), table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29."""
    for part, whole, low, high in (
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ):
        found = wilson(part, whole)
        assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


def test_a_difference_of_shares_as_published() -> None:
    """Newcombe 1998 (Statistics in Medicine 17, 873-890), table II, method 10."""
    for cells, low, high in (
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((10, 10, 0, 10), 0.6075, 1.0),
    ):
        found = newcombe(*cells)
        assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


def test_ranks_are_compared_ties_at_their_mean() -> None:
    hours = [
        (106, 7),
        (100, 27),
        (86, 2),
        (101, 50),
        (99, 28),
        (103, 29),
        (97, 20),
        (113, 12),
        (112, 6),
        (110, 17),
    ]
    found = spearman(hours)
    assert found is not None
    assert found.value == pytest.approx(-29 / 165)  # the example of IQ and hours of television
    # By hand: z = atanh(-0.17576) = -0.17760; s = sqrt((1 + 0.03089 / 2) / 7) = 0.38087; z ± 1.96 s.
    assert (found.low, found.high) == pytest.approx((-0.7293, 0.5147), abs=2e-3)
    tied = spearman([(1, 1), (2, 2), (2, 2), (3, 3), (4, 4)])
    assert tied is not None
    assert tied.value == pytest.approx(1.0)


def test_where_all_are_alike_nothing_can_be_said() -> None:
    assert spearman([(1, 1), (1, 2), (1, 3), (1, 4)]) is None
    assert spearman([(1, 1), (2, 2), (3, 3)]) is None
