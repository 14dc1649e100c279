"""What a report hides cannot be reckoned from what else it tells: courses small enough to subtract by hand."""

from pathlib import Path

from tests.xapi.reports.test_measures import measured
from tests.xapi.reports.told import PEOPLE, Told
from xapi.gathering.store import Gathered
from xapi.reports.acts import behind_page
from xapi.reports.measures import HIDDEN, Measure

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


def listed(found: Gathered, one: Measure) -> list[str]:
    return [row.verb.rpartition("/")[2] for row in behind_page(found, one.behind, limit=500)]


def test_a_hidden_reflection_is_not_listed_among_contributions(tmp_path: Path) -> None:
    """Ten open a thread and answer one in the first week, and one shares a reflection; in the second all answer."""
    told = Told()
    threads = [told.open(who, hours=1) for who in MANY[:10]]
    for number, who in enumerate(MANY[:10]):
        told.answer(who, threads[number - 1], hours=2)
        told.answer(who, threads[number - 1], days=8)
    own = told.reflect("person 0", hours=3)
    for who in MANY[10:15]:
        told.answer(who, own, days=8)
    with measured(tmp_path, told) as (found, measures):
        assert measures["reflections"].rows[0][1:] == (HIDDEN, HIDDEN)
        assert [row[1:] for row in measures["participation"].rows] == [(10, 21), (15, 15)]
        # Of 21 in the first week 20 would tell that it is one.
        assert listed(found, measures["participation"]) == ["replied"] * 15
        assert measures["participation"].behind.leaves_out
        for key in ("first_replies", "unanswered"):
            assert own["id"] not in {row.id for row in behind_page(found, measures[key].behind, limit=500)}


def test_threads_that_few_wait_in_cannot_be_counted_in_other_lists(tmp_path: Path) -> None:
    """Of ten threads two wait."""
    told = Told()
    threads = [told.open(who, hours=1) for who in MANY[:10]]
    for number, who in enumerate(MANY[:8]):
        told.answer(who, threads[number - 1 if number else 7], hours=2)
    with measured(tmp_path, told) as (found, measures):
        assert measures["unanswered"].rows == (("answered", HIDDEN), ("not answered", HIDDEN))
        assert listed(found, measures["unanswered"]) == listed(found, measures["first_replies"]) == []
        assert listed(found, measures["participation"]) == ["replied"] * 8
        assert len(listed(found, measures["network"])) == 8
        for key in ("participation", "network"):
            assert {"answers", "around"} <= measures[key].behind.untold


def test_threads_of_one_person_cannot_be_counted_by_what_is_missing(tmp_path: Path) -> None:
    """One opens three threads; twelve answer in that week, and in the next."""
    told = Told()
    threads = [told.open("teacher", hours=number) for number in range(3)]
    for who in PEOPLE:
        told.answer(who, threads[0], hours=5)
        told.answer(who, threads[1], days=8)
    with measured(tmp_path, told) as (found, measures):
        assert measures["unanswered"].n is HIDDEN
        assert [row[1:] for row in measures["participation"].rows] == [(13, 15), (12, 12)]
        assert listed(found, measures["participation"]) == ["replied"] * 12


def test_steps_that_are_hidden_are_not_listed(tmp_path: Path) -> None:
    """Of 16 threads six are answered within an hour, eight within a day, and two of one person within a week."""
    told = Told()
    waits = [0.5] * 6 + [20.0] * 8 + [100.0] * 2
    for number, (who, wait) in enumerate(zip(MANY, waits, strict=False)):
        thread = told.open(who, minutes=number)
        told.answer(MANY[17 if number % 2 else 16], thread, minutes=number, hours=wait)
    with measured(tmp_path, told) as (found, measures):
        one = measures["first_replies"]
        assert [number for _, number in one.rows] == [HIDDEN, 0, 8, 0, HIDDEN, 0]
        assert len(listed(found, one)) == 16  # eight threads and their replies
        assert one.behind.leaves_out


def test_reflections_are_hidden_where_the_weeks_contributions_are(tmp_path: Path) -> None:
    """Six reflect in the first week and do nothing else; in the second three open a thread, and seven reflect."""
    told = Told()
    for who in PEOPLE[:6]:
        told.reflect(who, hours=1)
    for who in PEOPLE[:3]:
        told.open(who, days=8)
    for who in PEOPLE[:7]:
        told.reflect(who, days=15)
    with measured(tmp_path, told) as (_found, measures):
        assert [row[1] for row in measures["participation"].rows] == [HIDDEN, HIDDEN, 7]
        assert measures["reflections"].rows[0][1] is HIDDEN


def test_nothing_is_left_out_where_nothing_is_hidden(tmp_path: Path) -> None:
    told = Told()
    threads = [told.open(who, hours=1) for who in PEOPLE]
    for number, who in enumerate(PEOPLE):
        told.answer(who, threads[number - 1], hours=1.5)
    with measured(tmp_path, told) as (found, measures):
        assert len(listed(found, measures["participation"])) == 24
        assert not any(one.behind.leaves_out or one.behind.untold for one in measures.values())
