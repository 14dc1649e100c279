"""How entries are put: times, initials, names for the nameless."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask

from lti_tool.paths import PACKAGE, templates_folder
from lti_tool.web import presenting
from lti_tool.web.kinds import KINDS
from social_layer.panels.kinds import OFFERED_KINDS
from social_layer.people.models import Role
from tests.room import Room

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=10), "just now"),
        (timedelta(seconds=50), "1 minute ago"),
        (timedelta(minutes=59, seconds=59), "59 minutes ago"),
        (timedelta(hours=1), "1 hour ago"),
        (timedelta(hours=23, minutes=59), "23 hours ago"),
        (timedelta(days=6, hours=23), "6 days ago"),
        (timedelta(days=8), "Feb 22"),
        (timedelta(days=70), "Dec 22, 2025"),
    ],
)
def test_how_long_ago(app: Flask, room: Room, ago: timedelta, words: str) -> None:
    viewer = room.newcomer(time_zone="Europe/Berlin")
    entry = room.entry(viewer, room.post(viewer))._replace(created_at=NOW - ago)
    with app.test_request_context():
        assert presenting.Presenter(viewer, NOW).show(entry).ago == words


def test_days_are_those_of_the_persons_own_zone(app: Flask, room: Room) -> None:
    late = datetime(2026, 2, 20, 23, 30, tzinfo=UTC)
    for zone, words in (
        ("Pacific/Auckland", "Feb 21"),
        ("America/Lima", "Feb 20"),
        ("Nowhere/Land", "Feb 20"),
    ):
        viewer = room.newcomer(time_zone=zone)
        entry = room.entry(viewer, room.post(viewer))._replace(created_at=late)
        with app.test_request_context():
            assert presenting.Presenter(viewer, NOW).show(entry).ago == words


@pytest.mark.parametrize(
    "name", ["", None, "Europe/Berlin", "../../etc/passwd", "Europe/../UTC", "a" * 400, "\x00"]
)
def test_a_zone_that_is_none_is_utc(name: str | None) -> None:
    assert str(presenting.zone(name)) in ("UTC", "Europe/Berlin")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Ada Lovelace", "AL"),
        ("ada", "A"),
        ("Jean-Luc de la Cruz", "JC"),
        ("李 小龍", "李小"),
        ("!", "!"),
        ("(Ada) L", "L"),
        ("", ""),
    ],
)
def test_initials(name: str, shown: str) -> None:
    assert presenting.initials(name) == shown


def test_two_letters_are_the_same_for_the_same_voice() -> None:
    one = UUID("6d6f2b9c-7a6e-4df2-9f57-0c8f8a1d2e3f")
    assert presenting.letters(one) == presenting.letters(UUID(str(one)))
    assert len(presenting.letters(one)) == 2
    assert presenting.letters(one).isalpha()


def test_each_kind_is_a_row_a_folder_and_a_module() -> None:
    modules = (PACKAGE / "assets" / "kinds" / "index.js").read_text()
    for kind in OFFERED_KINDS:
        assert KINDS[kind].name
        assert (templates_folder() / "web" / "kinds" / kind.value / "opening.html").is_file()
        assert f'"./{kind.value}.js"' in modules


def test_every_role_has_a_name(app: Flask) -> None:
    with app.test_request_context():
        assert set(presenting.role_names("en")) == set(Role)


def test_a_date_of_this_year_needs_no_year() -> None:
    assert presenting._day("de", date(2026, 2, 22), False) == "22. Feb."
