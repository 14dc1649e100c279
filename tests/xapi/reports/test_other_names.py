"""People who write under an alias or a pseudonym are not counted as people who did nothing."""

from datetime import timedelta
from pathlib import Path
from uuid import uuid5

import pytest

from tests.xapi.reports.test_measures import measured
from tests.xapi.reports.told import BASE, SPACE, START, Told
from xapi.reports.measures import HIDDEN
from xapi.reports.results import NOT_A_CAUSE, NOT_KNOWN


def course(masked: int) -> Told:
    """Forty people: twenty write, of them the first ``masked`` under a pseudonym; who writes does better."""
    told = Told()
    for number in range(20):
        for day in range(1 + number % 4):
            statement = told.open(f"p{number}", days=1 + day)
            if number < masked:
                account = {"homePage": BASE, "name": str(uuid5(SPACE, str(number)))}
                statement["actor"] = {"account": account}
    for number in range(40):
        is_good = number % 4 != 0 if number < 20 else number % 4 == 0
        told.reach(
            f"p{number}", "Quiz", "completed" if is_good else "failed", scaled=number % 9 / 10, days=20
        )
    return told


def test_everybody_by_their_own_account_is_related_to_their_results(tmp_path: Path) -> None:
    with measured(tmp_path, course(0)) as (_, measures):
        one = measures["relation"]
        assert one.note == NOT_A_CAUSE
        assert one.facts == {"joined": 20}
        assert one.rows[2][:3] == ("Completed something: who contributed against who did not", 40, 0.5)


@pytest.mark.parametrize("masked", [1, 10])
def test_where_some_have_another_name_no_relation_is_told(tmp_path: Path, masked: int) -> None:
    with measured(tmp_path, course(masked)) as (_, measures):
        one = measures["relation"]
        assert one.note == NOT_KNOWN
        assert one.facts == {}
        assert one.n == 40
        assert [row[1:] for row in one.rows] == [(40, None, None, None)] * 3
        assert not any(HIDDEN in row for row in one.rows)


def test_what_somebody_did_for_others_counts_too(tmp_path: Path) -> None:
    told = course(0)
    thanks = told.thank("p30", told.statements[0], days=3)
    with measured(tmp_path / "known", told) as (_, measures):
        assert measures["relation"].note == NOT_A_CAUSE
    thanks["actor"] = {"account": {"homePage": BASE, "name": str(uuid5(SPACE, "p30"))}}
    with measured(tmp_path / "masked", told) as (_, measures):
        assert measures["relation"].note == NOT_KNOWN


def test_who_only_read_under_another_name_changes_nothing(tmp_path: Path) -> None:
    told = course(0)
    told.read("p30", days=3)["actor"] = {"account": {"homePage": BASE, "name": str(uuid5(SPACE, "p30"))}}
    with measured(tmp_path, told) as (_, measures):
        assert measures["relation"].note == NOT_A_CAUSE


def test_another_window_may_have_nobody_under_another_name(tmp_path: Path) -> None:
    told = course(0)
    late = told.open("p30", days=40)
    late["actor"] = {"account": {"homePage": BASE, "name": str(uuid5(SPACE, "p30"))}}

    with measured(tmp_path, told, until=START + timedelta(days=39)) as (_, measures):
        assert measures["relation"].note == NOT_A_CAUSE
