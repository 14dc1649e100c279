"""Each number leads to its own statements: as many as it says, all of them behind its measure, and none where it, or
something that could be reckoned from them, is hidden."""

from collections.abc import Iterable
from pathlib import Path
from uuid import uuid5

import pytest

import xapi.reports.results as results_of_courses
from tests.xapi.reports.test_measures import measured, opened
from tests.xapi.reports.told import BASE, COURSE, LMS, PEOPLE, SPACE, Told, identifier, lively
from xapi.gathering.store import Gathered
from xapi.reports.acts import behind_page, tell
from xapi.reports.cells import behind_cell, key_of, newest_of_rows, table_of
from xapi.reports.course import course_report
from xapi.reports.institution import institution_report
from xapi.reports.measures import HIDDEN, Behind, Measure, Window

MANY = tuple(f"person {number}" for number in range(14))


def all_of(found: Gathered, behind: Behind | None) -> set[str]:
    assert behind is not None
    return {row.id for row in behind_page(found, behind, limit=5000)}


def cells_of(one: Measure) -> list[tuple[int, int]]:
    return [(place, column) for place, row in enumerate(one.rows) for column in range(len(row))]


def counts(one: Measure, column: int) -> str:
    (amount,) = {cells.columns[column].amount for cells in one.cells if column in cells.columns}
    return amount


def open_course() -> Told:
    """Nothing of it is hidden. Two weeks; all open a thread, answer two others, thank one, reflect, read and finish."""
    told = Told()
    for day in (0, 7):
        threads = [told.open(who, days=day, hours=1) for who in MANY]
        for number, who in enumerate(MANY):
            told.answer(who, threads[number - 1], days=day, hours=1.5)
            told.answer(who, threads[number - 2], days=day, hours=3)
            told.thank(who, threads[number - 1], days=day, hours=4)
            told.reflect(who, days=day, hours=5)
            told.read_thread(who, threads[number - 1], 90, days=day, hours=5)
    for number, who in enumerate(MANY):
        told.reach(who, "Quiz", "failed" if number < 5 else "passed", scaled=0.3 + number / 20, days=9)
        told.reach(who, "Essay", days=10)
    return told


def agrees(found: Gathered, one: Measure) -> int:
    """Checks every cell of a measure; answers how many have a list."""
    behind = all_of(found, one.behind)
    lists = 0
    for place, column in cells_of(one):
        cell, value = behind_cell(found, one, place, column), one.rows[place][column]
        assert (cell is None) is (key_of(one, place, column) is None)
        if cell is None:
            continue
        lists += 1
        assert value is not HIDDEN
        listed = all_of(found, cell)
        # Threads that were answered, and results in courses, are told beside what a measure's list is of.
        assert listed <= behind or (one.key, column) in {("unanswered", 1), ("courses", 4), ("courses", 5)}
        assert cell.untold == one.behind.untold
        if not cell.leaves_out and counts(one, column):
            people = {row.person for row in behind_page(found, cell, limit=5000)}
            assert value == (len(people) if "person" in counts(one, column) else len(listed))
    return lists


def test_each_number_has_as_many_statements_as_it_says(tmp_path: Path) -> None:
    with measured(tmp_path, open_course()) as (found, measures):
        lists = {key: agrees(found, one) for key, one in measures.items()}
        assert not any(one.behind.leaves_out for one in measures.values())
        for one in measures.values():
            for place, column in cells_of(one):
                cell = behind_cell(found, one, place, column)
                assert cell is None or not cell.leaves_out, (one.key, place, column)
    # Two weeks with two numbers each; 14 with two others each, to one of whom thanks too; …
    assert lists == {
        "participation": 4,
        "network": 42,
        "first_replies": 1,
        "unanswered": 2,
        "reading": 4,
        "reflections": 4,
        "results": 9,
        # All contributed alike, so that there is no effect to tell.
        "relation": 3,
    }


def test_a_kind_of_deed_between_two_people_is_listed_alone(tmp_path: Path) -> None:
    told = open_course()
    with measured(tmp_path, told) as (found, measures):
        one = measures["network"]
        pair = (identifier(MANY[3]), identifier(MANY[2]))
        place = next(place for place, row in enumerate(one.rows) if row[:2] == pair)
        assert one.rows[place][2:] == (2, 2, 0)
        thanks = behind_page(found, behind_cell(found, one, place, 3) or one.behind)
        assert {row.verb.rpartition("/")[2] for row in thanks} == {"like"}
        assert {row.person for row in thanks} == {identifier(MANY[3])}
        assert behind_cell(found, one, place, 4) is None


def test_what_is_hidden_has_no_list(tmp_path: Path) -> None:
    """In the lively course weeks, waits and reflections are of few."""
    with measured(tmp_path, lively()) as (found, measures):
        for one in measures.values():
            agrees(found, one)
            for place, column in cells_of(one):
                if one.rows[place][column] in (HIDDEN, 0):
                    assert behind_cell(found, one, place, column) is None
        weeks = measures["participation"]
        answers = behind_cell(found, weeks, 0, 2)
        # It is hidden how many threads wait: of 24 contributions the 12 answers are listed, and the list says so.
        assert answers
        assert answers.leaves_out
        assert all_of(found, answers) == all_of(found, weeks.behind)
        assert len(all_of(found, answers)) == 12


def test_who_was_answered_late_is_not_left_by_who_was_answered(tmp_path: Path) -> None:
    """Twelve threads are answered in an hour, and two of one person after a day: hidden, with another step."""
    told = Told()
    for number, who in enumerate(MANY[:12]):
        told.answer(MANY[number - 1], told.open(who, hours=1), hours=1.5)
    for who in MANY[:6]:
        told.answer(MANY[12], told.open(who, hours=1), hours=3)
    for _ in range(2):
        told.answer(MANY[0], told.open(MANY[13], hours=1), days=2)
    for who in MANY[:6]:
        told.open(who, days=1)
    with measured(tmp_path, told) as (found, measures):
        replies, waiting = measures["first_replies"], measures["unanswered"]
        assert [row[1] for row in replies.rows] == [12, HIDDEN, 0, HIDDEN, 0, 0]
        assert [row[1] for row in waiting.rows] == [20, 6]
        assert len(all_of(found, behind_cell(found, replies, 0, 1))) == 12
        assert behind_cell(found, waiting, 0, 1) is None
        assert len(all_of(found, behind_cell(found, waiting, 1, 1))) == 6


def test_the_newest_of_each_row_are_found_together(tmp_path: Path) -> None:
    with measured(tmp_path, open_course()) as (found, measures):
        rows = newest_of_rows(found, measures["participation"], each=5, most=1000)
        assert {place: len(some) for place, some in rows.items()} == {0: 5, 1: 5}
        first = behind_cell(found, measures["participation"], 0, 2)
        assert first
        assert [one.id for one in rows[0]] == [one.id for one in behind_page(found, first, limit=5)]
        assert sum(map(len, newest_of_rows(found, measures["network"], each=5, most=7).values())) == 7


def course(name: str, people: Iterable[str], *, days: Iterable[int] = (1,), home: str = LMS) -> Told:
    told = Told(uuid5(SPACE, name), home_page=home)
    for day in days:
        for who in people:
            told.open(who, days=day)
    return told


def institution(found: Gathered) -> dict[str, Measure]:
    return {one.key: one for one in institution_report(tell(found, Window()), BASE)}


def test_an_institutions_numbers_have_lists(tmp_path: Path) -> None:
    one, other = open_course(), course("Other", PEOPLE, home="https://canvas.example")
    for who in PEOPLE:
        other.reach(who, "Exam" if who < "i" else "Few", days=2)
    with opened(tmp_path, one, other) as found:
        report = institution(found)
        lists = {key: agrees(found, measure) for key, measure in report.items()}
        # Eight did the exam, and four something else: the course's own report hides both.
        assert lists == {"participation": 4, "courses": 5 + 2, "platforms": 5}
        assert not any(measure.behind.leaves_out for measure in report.values())
        courses = report["courses"]
        place = next(place for place, row in enumerate(courses.rows) if row[0] == one.iri)
        reached = behind_cell(found, courses, place, 5)
        assert reached
        assert {row.verb for row in behind_page(found, reached, limit=500)} == {"completed", "passed"}


def test_a_hidden_course_is_listed_nowhere(tmp_path: Path) -> None:
    """Three people of one course are hidden, and six of another with them. In the second week the three are alone."""
    large = course("Large", PEOPLE, days=(1, 8))
    three, six = course("Three", MANY[:3], days=(1, 8)), course("Six", MANY[3:9])
    with opened(tmp_path, large, three, six) as found:
        report = institution(found)
        assert [row[1] for row in report["courses"].rows] == [12, HIDDEN, HIDDEN]
        assert [row[1] for row in report["participation"].rows] == [21, 15]
        for one in report.values():
            agrees(found, one)
            assert one.behind.leaves_out
            # Of fifteen in the second week twelve would leave three.
            assert all_of(found, one.behind) <= {told["id"] for told in large.statements[:12]}
        assert behind_cell(found, report["participation"], 1, 2) is None
        first = behind_cell(found, report["participation"], 0, 2)
        assert first
        assert (len(all_of(found, first)), first.leaves_out) == (12, True)


def test_a_hidden_week_is_not_left_by_a_courses_list(tmp_path: Path) -> None:
    """In the second week two people of the one course are at it, and in the third six of the other."""
    one, other = course("One", PEOPLE), course("Other", MANY)
    for who in PEOPLE[:2]:
        one.open(who, days=8)
    for who in MANY[:6]:
        other.open(who, days=15)
    with opened(tmp_path, one, other) as found:
        report = institution(found)
        assert [row[1] for row in report["participation"].rows] == [26, HIDDEN, HIDDEN]
        listed = [all_of(found, measure.behind) for measure in report.values()]
        # 14 contributions of the one, of which 12 listed, would tell of two people. So would the first week without it.
        assert listed == [{told["id"] for told in other.statements[:14]}] * 3


@pytest.mark.parametrize("home", [BASE, "https://canvas.example"], ids=["aliases", "few of a platform"])
def test_platforms_have_no_lists_where_these_would_tell(tmp_path: Path, home: str) -> None:
    """Of the twelve in the course, and many elsewhere, who is of an alias, or of the few from another LMS."""
    one, other = course("One", PEOPLE), course("Other", MANY, home=home)
    few = Told(uuid5(SPACE, "One"), f"{BASE}/few", home_page=home)
    for number in range(3 if home != BASE else 7):
        few.open(f"somebody {number}", days=1)
    for statement in few.statements:
        statement["context"]["contextActivities"] = one.statements[0]["context"]["contextActivities"]
    with opened(tmp_path, one, other, few) as found:
        report = institution(found)
        platforms = report["platforms"]
        assert HIDDEN not in [row[1] for row in platforms.rows]
        assert [key_of(platforms, *cell) for cell in cells_of(platforms)] == [None] * 12
        assert agrees(found, report["courses"]) == 4
        assert COURSE not in report


def test_a_list_told_alone_is_that_of_the_whole_report(tmp_path: Path) -> None:
    one, other = open_course(), course("Other", PEOPLE, home="https://canvas.example")
    for who in PEOPLE:
        other.reach(who, "Exam", days=2)
    taken_back = one.open(PEOPLE[0], days=1)
    one.delete(PEOPLE[0], taken_back, days=2)
    with opened(tmp_path, one, other) as found:
        reports = {
            None: institution_report(tell(found, Window(), lists=False), BASE),
            one.iri: course_report(found, one.iri, Window()),
        }
        for of, report in reports.items():
            whole = tell(found, Window(), course=of)
            cells = [(measure, *cell) for measure in report for cell in cells_of(measure)]
            lists = [all_of(found, measure.behind) for measure in report]
            parts = [behind_cell(found, *cell) for cell in cells]
            of_cells = [all_of(found, part) if part else None for part in parts]
            for table in ("act", "result"):
                found.rows("DROP TABLE act")
                found.rows("DROP TABLE result")
                whole = tell(found, Window(), course=of, only=table)
                for measure, before in zip(report, lists, strict=True):
                    assert measure.behind.table != table or all_of(found, measure.behind) == before
                for cell, part, before in zip(cells, parts, of_cells, strict=True):
                    if part is not None and table_of(*cell) == table:
                        assert behind_cell(found, *cell) == part
                        assert all_of(found, part) == before
                tell(found, whole.window, course=of)


@pytest.mark.parametrize("alike", ["AB", "CD", "EF"])
def test_of_activities_alike_in_number_the_institution_hides_the_same_as_the_course(
    tmp_path: Path, alike: str
) -> None:
    told, (first, second) = course("One", PEOPLE), alike
    for name, people in (("All", PEOPLE), (second, PEOPLE[:6]), (first, PEOPLE[6:]), ("Few", PEOPLE[:3])):
        for who in people:
            told.reach(who, name, days=2)
    with opened(tmp_path, told) as found:
        (results,) = (one for one in course_report(found, told.iri, Window()) if one.key == "results")
        assert [row[:2] for row in results.rows] == [
            ("All", 12),
            (first, HIDDEN),
            (second, 6),
            ("Few", HIDDEN),
        ]
        listed = all_of(found, results.behind)
        courses = institution(found)["courses"]
        assert all_of(found, behind_cell(found, courses, 0, 4)) == listed


def test_the_institution_lists_nothing_of_activities_that_the_course_cuts_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results_of_courses, "_MOST_ACTIVITIES", 3)
    told = course("One", PEOPLE)
    for name, people in (("All", PEOPLE), ("Half", PEOPLE[:6]), ("Few", PEOPLE[:3]), ("Later", PEOPLE[6:9])):
        for who in people:
            told.reach(who, name, days=2)
    with opened(tmp_path, told) as found:
        (results,) = (one for one in course_report(found, told.iri, Window()) if one.key == "results")
        assert results.note.startswith("A number is hidden, too")
        # The half stands for the few, who would be left of all that are listed.
        assert [row[:2] for row in results.rows] == [("All", 12), ("Half", HIDDEN), ("Few", HIDDEN)]
        listed = all_of(found, results.behind)
        courses = institution(found)["courses"]
        assert all_of(found, behind_cell(found, courses, 0, 4)) == listed


def test_of_hidden_numbers_nothing_is_said_where_none_is_hidden(tmp_path: Path) -> None:
    told = course("One", PEOPLE)
    with opened(tmp_path, told) as found:
        (results,) = (one for one in course_report(found, told.iri, Window()) if one.key == "results")
        assert (list(results.rows), results.note) == ([], "")
