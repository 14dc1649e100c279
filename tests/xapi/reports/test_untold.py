"""What a report hides cannot be reckoned from what else it tells: courses small enough to subtract by hand."""

from pathlib import Path

from tests.xapi.reports.test_measures import measured
from tests.xapi.reports.told import PEOPLE, Told
from xapi.reports.measures import HIDDEN

MANY = tuple(f"person {number}" for number in range(18))


def test_an_activity_that_all_but_two_did_is_hidden(tmp_path: Path) -> None:
    told = Told()
    for number, who in enumerate(MANY):
        told.reach(who, "Quiz" if number < 16 else "Essay", days=2)
    with measured(tmp_path, told) as (_found, measures):
        one = measures["results"]
        assert one.n == 18
        assert one.rows == (("Quiz", *(HIDDEN,) * 7), ("Essay", *(HIDDEN,) * 7))


def test_an_activity_is_hidden_beside_that_of_few_though_others_are_told(tmp_path: Path) -> None:
    """30 people in three activities: 18, 9 and 3. From 18 and 9 one would know the 3."""
    told = Told()
    for who, activity in [
        (f"{one} {n}", one) for one, many in (("A", 18), ("B", 9), ("C", 3)) for n in range(many)
    ]:
        told.reach(who, activity, days=2)
    with measured(tmp_path, told) as (_found, measures):
        one = measures["results"]
        assert (one.n, [row[1] for row in one.rows]) == (30, [18, HIDDEN, HIDDEN])


def test_how_many_did_two_activities_is_not_told_where_they_are_few(tmp_path: Path) -> None:
    """10 did one, 10 the other, 18 either: two did both."""
    told = Told()
    for number, who in enumerate(MANY):
        if number < 10:
            told.reach(who, "A", days=2)
        if number >= 8:
            told.reach(who, "B", days=2)
    with measured(tmp_path, told) as (_found, measures):
        assert HIDDEN in [row[1] for row in measures["results"].rows]


def test_an_activity_that_all_did_is_told(tmp_path: Path) -> None:
    told = Told()
    for number, who in enumerate(PEOPLE):
        told.reach(who, "A", days=2)
        if number >= 6:
            told.reach(who, "B", days=2)
    with measured(tmp_path, told) as (_found, measures):
        assert [row[1] for row in measures["results"].rows] == [12, 6]


def test_who_has_no_score_is_not_told_by_the_relation(tmp_path: Path) -> None:
    """Twelve with a result, eleven of them with a score."""
    told = Told()
    for number, who in enumerate(PEOPLE):
        told.open(who, hours=number)
        told.reach(who, "Quiz", scaled=0.3 + number / 20 if number else None, days=2)
    with measured(tmp_path, told) as (_found, measures):
        assert measures["results"].rows[0][4] is HIDDEN
        for row in measures["relation"].rows[:2]:
            assert row[1:] == (HIDDEN,) * 4
