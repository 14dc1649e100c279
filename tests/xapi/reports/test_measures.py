"""The numbers of a report, against those found by hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.xapi.gathering.writing import written
from tests.xapi.reports.told import BASE, LMS, PEOPLE, Told, identifier, lively
from xapi import vocabulary as words
from xapi.gathering.store import Gathered
from xapi.reports.acts import behind_page, tell
from xapi.reports.course import MEASURES, course_report, courses_there
from xapi.reports.institution import institution_report
from xapi.reports.measures import HIDDEN, Measure, Window
from xapi.reports.person import timeline


@contextmanager
def opened(folder: Path, *several: Told) -> Iterator[Gathered]:
    statements = [one for told in several for one in told.statements]
    with Gathered([written(folder / "lrs", statements)]) as found:
        yield found


@contextmanager
def measured(folder: Path, told: Told, **window: object) -> Iterator[tuple[Gathered, dict[str, Measure]]]:
    with opened(folder, told) as found:
        report = course_report(found, told.iri, Window(**window))  # type: ignore[arg-type]
        yield found, {one.key: one for one in report}


def test_participation_is_counted_by_week_and_few_people_are_hidden(tmp_path: Path) -> None:
    with measured(tmp_path, lively()) as (found, measures):
        one = measures["participation"]
        assert one.n == 12
        # Three people are hidden, and so is the second smallest week: or the sum would tell.
        assert one.rows == (
            (date(2026, 2, 2), 12, 24),
            (date(2026, 2, 9), HIDDEN, HIDDEN),
            (date(2026, 2, 16), 0, 0),
            (date(2026, 2, 23), HIDDEN, HIDDEN),
        )
        assert one.as_of == datetime(2026, 3, 9, tzinfo=UTC)
        behind = behind_page(found, one.behind, limit=100)
        # Of the week that is told only, and without its threads: three people's wait for an answer.
        assert [row.verb for row in behind] == [words.REPLIED.iri] * 12
        assert max(row.happened for row in behind) < datetime(2026, 2, 9, tzinfo=UTC)


def test_weeks_begin_on_monday_in_the_readers_zone(tmp_path: Path) -> None:
    told = Told()
    for who in PEOPLE[:5]:
        told.open(who, days=6, hours=14.5)  # Sunday, 23:30 in London: Monday in Berlin
    for zone, week in (("Europe/London", date(2026, 2, 2)), ("Europe/Berlin", date(2026, 2, 9))):
        with measured(tmp_path / week.isoformat(), told, zone=zone) as (_found, measures):
            assert measures["participation"].rows == ((week, 5, 5),)


def test_what_was_taken_back_deleted_or_voided_does_not_count(tmp_path: Path) -> None:
    told = Told()
    threads = [told.open(who, hours=1) for who in PEOPLE]
    for number, who in enumerate(PEOPLE[:6]):
        told.thank(who, threads[number + 1], hours=3)
    told.thank("ada", threads[1], words.UNLIKED, hours=4)
    told.thank("ada", threads[1], hours=5)  # and given again
    told.thank("ben", threads[2], words.UNLIKED, hours=4)
    told.delete("lea", threads[11], hours=5)
    told.delete("ida", threads[9], words.REMOVED, hours=5)
    told.void(threads[10], hours=6)
    with measured(tmp_path, told) as (_found, measures):
        assert measures["participation"].rows == ((date(2026, 2, 2), 9, 9),)
        pairs = {(row[0], row[1]): row[3] for row in measures["network"].rows}
        assert pairs[identifier("ada"), identifier("ben")] == 1
        assert (identifier("ben"), identifier("cleo")) not in pairs
        assert measures["network"].facts == {"pairs": 5, "acts": 5}


def test_reading_is_told_in_minutes_where_the_times_of_enough_people_are_known(tmp_path: Path) -> None:
    told = Told()
    thread = told.open("ada", hours=1)
    for who in PEOPLE[:6]:
        told.read(who, hours=2)
    for who in PEOPLE[:4]:
        told.read_thread(who, thread, 100, hours=2)
    with measured(tmp_path / "few", told) as (_found, measures):
        assert measures["reading"].rows == ((date(2026, 2, 2), 6, 10),)
        assert measures["reading"].columns[2] == "Openings"
    told.read_thread(PEOPLE[4], thread, 500, hours=2)
    with measured(tmp_path / "enough", told) as (found, measures):
        assert measures["reading"].rows == ((date(2026, 2, 2), 5, 15),)
        assert measures["reading"].columns[2] == "Minutes"
        assert len(behind_page(found, measures["reading"].behind)) == 5


def test_the_network_names_whom_each_answered(tmp_path: Path) -> None:
    with measured(tmp_path, lively()) as (found, measures):
        one = measures["network"]
        assert one.n == 12
        assert one.facts == {"pairs": 18, "acts": 18}
        assert (identifier("ada"), identifier("ben"), 1, 0, 0) in one.rows
        assert len(behind_page(found, one.behind, limit=100)) == 18


def test_the_network_lists_the_acts_that_it_counts(tmp_path: Path) -> None:
    told = lively()
    told.answer("ada", told.statements[0], hours=5)  # herself
    told.thank("ada", told.statements[0], hours=5)
    with measured(tmp_path, told) as (found, measures):
        assert measures["network"].facts["acts"] == 18
        assert len(behind_page(found, measures["network"].behind, limit=100)) == 18


def test_the_first_reply_is_listed_with_its_thread(tmp_path: Path) -> None:
    told = Told()
    wanted = []
    for who in PEOPLE[:5]:
        thread = told.open(who, hours=0)
        told.answer(who, thread, hours=0.5)  # no answer to oneself
        wanted += [thread, told.answer("lea", thread, hours=2)]
        told.answer("kim", thread, hours=3)
    with measured(tmp_path, told) as (found, measures):
        behind = behind_page(found, measures["first_replies"].behind, limit=100)
        assert {row.id for row in behind} == {one["id"] for one in wanted}


def test_a_network_of_four_is_not_told(tmp_path: Path) -> None:
    told = Told()
    thread = told.open("ada", hours=1)
    for who in ("ben", "cleo", "dan"):
        told.answer(who, thread, hours=2)
    with measured(tmp_path, told) as (found, measures):
        for one in measures.values():
            assert one.n in (HIDDEN, 0)
            assert all(cell is HIDDEN for row in one.rows for cell in row[1:] if cell)
            assert behind_page(found, one.behind) == []
            assert not one.facts or one.key == "relation"


def test_the_first_reply_is_the_first_by_somebody_else_anywhere_in_the_thread(tmp_path: Path) -> None:
    told = Told()
    for number, who in enumerate(PEOPLE[:5]):
        thread = told.open(who, hours=0)
        own = told.answer(who, thread, hours=0.5)
        told.answer("lea", own, hours=1 + number)
        told.answer("kim", thread, hours=20)
    with measured(tmp_path, told) as (_found, measures):
        one = measures["first_replies"]
        hours = [one.facts[name] for name in ("first_quartile", "median", "third_quartile")]
        assert hours == [timedelta(hours=2), timedelta(hours=3), timedelta(hours=4)]
        assert one.n == 5
        # One within an hour, three within four, one within a day: none of five people.
        assert [number for _, number in one.rows] == [HIDDEN, HIDDEN, HIDDEN, 0, 0, 0]
        assert measures["unanswered"].rows == (("answered", 5), ("not answered", 0))


def test_how_many_wait_cannot_be_reckoned_where_few_do(tmp_path: Path) -> None:
    with measured(tmp_path, lively()) as (_found, measures):
        # Six threads and reflections of three people wait.
        assert measures["unanswered"].rows == (("answered", HIDDEN), ("not answered", HIDDEN))
        assert measures["unanswered"].n == 18
        assert measures["first_replies"].n is HIDDEN
        assert measures["first_replies"].facts["median"] == timedelta(hours=2)
        told = [number for _, number in measures["first_replies"].rows]
        assert told.count(HIDDEN) >= 1


def test_reflections_are_hidden_where_the_rest_of_the_week_would_tell(tmp_path: Path) -> None:
    told = Told()
    for who in PEOPLE[:6]:
        told.reflect(who, hours=1)
    told.open("lea", hours=2)
    with measured(tmp_path, told) as (_found, measures):
        assert measures["participation"].rows == ((date(2026, 2, 2), 7, 7),)
        assert measures["reflections"].rows == ((date(2026, 2, 2), HIDDEN, HIDDEN),)


def test_results_are_told_only_where_the_others_are_not_few(tmp_path: Path) -> None:
    told = lively()
    for who in PEOPLE[:4]:
        told.reach(who, "Essay", "passed", days=26)
    for who in PEOPLE[4:7]:
        told.reach(who, "Essay", "failed", days=26)
    with measured(tmp_path, told) as (found, measures):
        quiz, essay = measures["results"].rows
        assert quiz == ("Quiz", 12, 12, 0, 12, 0.438, 0.575, 0.712)
        # Three of seven failed.
        assert essay == ("Essay", 7, HIDDEN, HIDDEN, 0, None, None, None)
        behind = behind_page(found, measures["results"].behind)
        assert {row.object for row in behind} == {f"{LMS}/quiz/Quiz"}


def test_the_relation_says_n_interval_and_that_it_is_no_cause(tmp_path: Path) -> None:
    with measured(tmp_path, lively()) as (_found, measures):
        one = measures["relation"]
        assert one.n == 12
        assert one.facts == {"joined": 12}
        assert "not a cause" in one.note
        name, people, effect, low, high = one.rows[0]
        assert (name, people) == ("Contributions and mean score", 12)
        assert -1 <= low < effect < high <= 1
        assert effect < -0.5  # who contributed most came first in the alphabet
        assert one.rows[2][2:] == (HIDDEN,) * 3  # all completed it


def test_a_course_has_its_own_rows_only(tmp_path: Path) -> None:
    one, other = lively(), Told(course=Told().course, base="https://other.example.org")
    for who in PEOPLE:
        other.open(who, days=1)
    with opened(tmp_path, one, other) as found:
        assert courses_there(found) == sorted([one.iri, other.iri])
        report = {each.key: each for each in course_report(found, other.iri, Window())}
        assert report["participation"].rows == ((date(2026, 2, 2), 12, 12),)
        assert report["results"].rows == ()


def test_a_window_leaves_out_what_happened_before_and_after(tmp_path: Path) -> None:
    since, until = datetime(2026, 2, 9, tzinfo=UTC), datetime(2026, 2, 11, tzinfo=UTC)
    with measured(tmp_path, lively(), since=since, until=until) as (_found, measures):
        assert measures["participation"].rows == ((date(2026, 2, 9), 6, 6),)


def test_an_empty_course_is_told_as_empty(tmp_path: Path) -> None:
    with measured(tmp_path, Told()) as (found, measures):
        assert [one.rows for one in measures.values()] == [()] * len(MEASURES)
        assert all(behind_page(found, one.behind) == [] for one in measures.values())


def test_hostile_words_are_only_words(tmp_path: Path) -> None:
    told = Told()
    for who in PEOPLE[:6]:
        told.open(f"'; DROP TABLE act; --{who}", hours=1)
        told.reach(f"'; DROP TABLE act; --{who}", "'); DELETE FROM result; --", hours=2)
    with measured(tmp_path, told) as (_found, measures):
        assert measures["participation"].rows == ((date(2026, 2, 2), 6, 6),)
        assert measures["results"].rows[0][:3] == ("'); DELETE FROM result; --", 6, 6)


def test_statements_behind_are_paged_without_gaps(tmp_path: Path) -> None:
    with opened(tmp_path, lively()) as found:
        told = tell(found, Window(), course=lively().iri)
        behind = MEASURES["network"](told).behind
        whole = behind_page(found, behind, limit=100)
        paged, after = [], None
        while page := behind_page(found, behind, after=after, limit=4):
            paged += page
            after = (page[-1].happened, page[-1].id)
        assert paged == whole


def test_a_timeline_has_both_kinds_newest_first_and_pages(tmp_path: Path) -> None:
    with opened(tmp_path, lively()) as found:
        whole = timeline(found, [identifier("ada")], course=lively().iri).moments
        assert [one.kind for one in whole] == [
            *("completed", "opened", "reflected", "answered", "read", "answered", "opened"),
        ]
        assert (whole[0].is_formal, whole[0].name, whole[0].scaled) == (True, "Quiz", 0.3)
        assert whole[-2].whom == identifier("ben")
        pages, after = [], None
        while True:
            page = timeline(found, [identifier("ada")], after=after, limit=3)
            pages += page.moments
            if page.next is None:
                break
            after = page.next
        assert tuple(pages) == whole


def test_a_timeline_has_nothing_that_was_deleted_or_taken_back(tmp_path: Path) -> None:
    told = Told()
    threads = [told.open(who, hours=1) for who in ("ada", "ben", "cleo")]
    told.open("ada", hours=2)
    told.delete("dan", threads[0], hours=3)  # by somebody else, such as who runs the course
    replies = [told.answer("ada", threads[1], hours=number) for number in (4, 5)]
    told.delete("ada", replies[0], hours=6)
    for thread in threads[1:]:
        told.thank("ada", thread, hours=7)
        told.thank("ada", thread, words.UNLIKED, hours=8)
    told.thank("ada", threads[2], hours=9)  # and given again
    told.thank("ben", threads[1], words.UNLIKED, hours=10)  # nobody takes back another's
    told.thank("cleo", threads[1], hours=9)
    with opened(tmp_path, told) as found:
        for course in (told.iri, None):
            moments = timeline(found, [identifier("ada")], course=course).moments
            assert [one.kind for one in moments] == ["thanked", "answered", "opened"]
            assert moments[1].id == replies[1]["id"]
            assert [one.kind for one in timeline(found, [identifier("cleo")], course=course).moments] == [
                "thanked",
                "opened",
            ]


def test_an_institution_is_told_by_course_and_platform(tmp_path: Path) -> None:
    one = lively()
    small, other = (
        Told(course=Told().course, base="https://b.example"),
        Told(base="https://c.example", home_page="https://canvas.example"),
    )
    for who in PEOPLE[:2]:
        small.open(who, hours=1)
    for who in PEOPLE[:7]:
        other.open(who, hours=1)
    with opened(tmp_path, one, small, other) as found:
        weeks, courses, platforms = institution_report(tell(found, Window()), BASE)
        # The two have accounts at the same LMS as the twelve.
        assert weeks.rows[0] == (date(2026, 2, 2), 19, 33)
        by_course = {row[0]: row[1:] for row in courses.rows}
        assert by_course[one.iri] == (12, 36, 18, 12, 12)
        # Two people are hidden, and the next smallest with them.
        assert by_course[small.iri][:3] == by_course[other.iri][:3] == (HIDDEN,) * 3
        by_platform = {row[0]: row[1:] for row in platforms.rows}
        assert by_platform["https://canvas.example"] == (7, 7, 0, 0, 0)


@pytest.mark.parametrize("key", list(MEASURES))
def test_each_measure_says_what_it_is(tmp_path: Path, key: str) -> None:
    with measured(tmp_path, lively()) as (_found, measures):
        one = measures[key]
        assert one.title
        assert one.definition.endswith(".")
        assert one.n_of
        assert all(len(row) == len(one.columns) for row in one.rows)
