"""Keys change while classes go on: the tool's own by a schedule, and those of a platform whenever it likes."""

import threading
from datetime import UTC, datetime, timedelta
from secrets import token_hex

import pytest
from celery import Celery
from sqlalchemy import select

from lti_tool.config import Settings
from lti_tool.lti.keys import LEAD, OVERLAP, ToolKeys, ensure_tool_key, keep_keys, rotate
from lti_tool.lti.models import ToolKey
from lti_tool.parts import Parts
from lti_tool.worker import keep_house
from tests.apps import new_app
from tests.lti_tool.lti.launching import Browser, Clock, Course, settings_for

EVERY = timedelta(days=90)
# How long platforms keep a key set without asking again: Moodle and Canvas minutes, others up to a day.
KEPT_BY_PLATFORMS = timedelta(days=1)


@pytest.fixture
def settings(database_url: str, tmp_path: object) -> Settings:
    """Here on both databases."""
    return settings_for(database_url, tmp_path)  # type: ignore[arg-type]


def tick(given: Parts) -> ToolKey | None:
    with given.database.write() as session:
        return keep_keys(session, given.clock, given.sealer, EVERY)


def seen_by_platforms(given: Parts) -> set[str]:
    return {key["kid"] for key in Browser(new_app(given)).get("/lti/jwks.json").get_json()["keys"]}


def signs(given: Parts) -> str:
    return ToolKeys(given).signing().kid


@pytest.fixture
def started(given: Parts) -> Parts:
    with given.database.write() as session:
        ensure_tool_key(session, given.clock, given.sealer)
    return given


def test_through_two_rotations_no_platform_meets_a_key_that_it_could_not_know(
    started: Parts, clock: Clock
) -> None:
    """Even one that asks for our keys once a day: what signs was published for a day, and is for a week after."""
    fetched: list[set[str]] = []
    signed: list[str] = []
    process = ToolKeys(started)
    for day in range(200):
        tick(started)
        fetched.append({key["kid"] for key in process.jwks()["keys"]})
        signed.append(process.signing().kid)
        assert signed[day] in fetched[max(0, day - 1)]
        assert len(fetched[day]) <= 2
        clock.pass_by(days=1)
    assert len(set(signed)) == 3
    # What was signed last with the first key can be checked for as long as anybody may hold it.
    last = max(day for day, kid in enumerate(signed) if kid == signed[0])
    assert all(signed[0] in one for one in fetched[: last + OVERLAP.days])
    assert all(signed[0] not in one for one in fetched[last + OVERLAP.days + 2 :])
    assert LEAD >= KEPT_BY_PLATFORMS
    with started.database.read() as session:
        assert len(list(session.scalars(select(ToolKey)))) <= 2


def test_workers_at_once_make_one_key(started: Parts, clock: Clock) -> None:
    clock.pass_by(days=90)
    together = threading.Barrier(4)
    made = []

    def work() -> None:
        together.wait()
        made.append(tick(started))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([key for key in made if key]) == 1
    assert len(seen_by_platforms(started)) == 2


def test_by_hand_a_key_signs_at_once_and_one_that_waited_is_gone(started: Parts, clock: Clock) -> None:
    """Whoever rotates by hand fears a leak: the key that the schedule has ready may be part of it."""
    clock.pass_by(days=90)
    waiting = tick(started)
    assert waiting is not None
    assert signs(started) != waiting.kid
    with started.database.write() as session:
        new = rotate(session, clock, started.sealer, timedelta(0)).kid
    clock.pass_by(minutes=2)
    assert seen_by_platforms(started) == {new}
    clock.pass_by(days=2)
    assert signs(started) == new
    assert tick(started) is None


def test_a_schedule_that_is_off_makes_no_key_and_still_clears_away(started: Parts, clock: Clock) -> None:
    first = signs(started)
    with started.database.write() as session:
        rotate(session, clock, started.sealer)
    clock.pass_by(days=3000)
    with started.database.write() as session:
        assert keep_keys(session, clock, started.sealer, timedelta(0)) is None
    with started.database.read() as session:
        assert first not in set(session.scalars(select(ToolKey.kid)))


def test_the_worker_keeps_the_keys(started: Parts, clock: Clock) -> None:
    app = Celery("test", set_as_current=False)
    app.conf.beat_schedule = {}
    keep_house(app, started)
    clock.pass_by(days=started.settings.key_rotation_days)
    first = signs(started)
    app.tasks["alongside.keep_house"]()
    assert len(seen_by_platforms(started)) == 2
    clock.pass_by(days=1)
    assert signs(started) != first


# A platform's keys


def _code(page: str) -> str:
    """The code of a refusal, for a test that fails."""
    return page.partition("For your administrator: ")[2].partition(",")[0]


@pytest.mark.parametrize("keeps_old", [True, False])
def test_a_class_does_not_notice_that_its_platform_changes_keys(
    course: Course, monkeypatch: pytest.MonkeyPatch, keeps_old: bool
) -> None:
    """Thirty people in three processes; the platform signs with another key from one launch to the next."""
    sandbox = course.sandbox
    asked = []
    published = sandbox.keys.jwks
    monkeypatch.setattr(sandbox.keys, "jwks", lambda: asked.append(1) or published())
    processes = [new_app(course.given) for _ in range(3)]
    people = [
        sandbox.add_user(
            f"{token_hex(4)}-{number}", "Person", str(number), courses={"ecology": "learner"}
        ).key
        for number in range(30)
    ]
    for number, process in enumerate(processes):
        early = Course(process, course.given, sandbox, course.clock)
        assert early.launch(people[number]).status_code == 200

    course.clock.now = datetime.now(UTC)  # the platform's
    browsers = [Browser(processes[number % 3]) for number in range(30)]
    half = 15 if keeps_old else 0
    forms = [course.ready(browsers[number], people[number]) for number in range(half)]
    sandbox.rotate_keys(keep_old=keeps_old)
    forms += [course.ready(browsers[number], people[number]) for number in range(half, 30)]

    course.clock.now = datetime.now(UTC)
    together = threading.Barrier(30)
    statuses: list[object] = []

    def arrive(number: int) -> None:
        together.wait()
        statuses.append(browsers[number].post("/lti/launch", forms[number]).status_code)

    threads = [threading.Thread(target=arrive, args=(number,)) for number in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 30
    assert 2 <= len(asked) <= 3
