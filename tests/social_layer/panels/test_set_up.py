"""Setting a panel up: who may, what is kept of the settings before, and when its kind is fixed."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select

from social_layer.discussion.actions import post
from social_layer.panels.actions import make_panel, set_up
from social_layer.panels.models import Kind, TemplateVersion
from social_layer.panels.settings import MAX_PURPOSE
from social_layer.people.models import Role
from social_layer.refusals import Conflict, Invalid, NotAllowed
from social_layer.viewer import Viewer
from tests.room import Room


def arrange(room: Room, viewer: Viewer, **changes: Any) -> Viewer:
    settings = {
        "kind": Kind.discussion,
        "title": "Seeds",
        "purpose": "To plan",
        "prompt": "Why *fire*?",
    } | changes
    with room.database.write() as session:
        set_up(session, room.clock, viewer, **settings)
    return room.look(viewer.membership_id, viewer.panel.id)


@pytest.mark.parametrize("role", [Role.instructor, Role.designer, Role.administrator])
def test_who_runs_the_course_sets_the_panel_up(room: Room, role: Role) -> None:
    viewer = room.newcomer(role)
    assert not viewer.panel.is_set_up
    panel = arrange(room, viewer, kind=Kind.reflection, title="  Seeds ").panel
    assert (panel.kind, panel.title, panel.purpose, panel.prompt, panel.prompt_html, panel.is_set_up) == (
        Kind.reflection,
        "Seeds",
        "To plan",
        "Why *fire*?",
        "<p>Why <em>fire</em>?</p>\n",
        True,
    )


@pytest.mark.parametrize("role", [Role.assistant, Role.learner, Role.observer])
def test_others_do_not(room: Room, role: Role) -> None:
    with pytest.raises(NotAllowed):
        arrange(room, room.newcomer(role))


def test_each_set_up_is_the_next_version_and_the_ones_before_stay(room: Room) -> None:
    viewer = room.newcomer(Role.instructor)
    first = viewer.panel.title
    for title in ("Second", "Third"):
        viewer = arrange(room, viewer, title=title)
    with room.database.read() as session:
        versions = session.execute(
            select(TemplateVersion.number, TemplateVersion.title)
            .where(TemplateVersion.template_id == viewer.panel.template_id)
            .order_by(TemplateVersion.number)
        ).all()
    assert [tuple(version) for version in versions] == [(1, first), (2, "Second"), (3, "Third")]
    assert viewer.panel.title == "Third"


def test_two_set_ups_at_once_come_one_after_the_other(room: Room) -> None:
    viewers = [room.newcomer(Role.instructor) for _ in range(4)]
    ready = Barrier(4)

    def arrange_at_once(number: int) -> None:
        ready.wait()
        arrange(room, viewers[number], title=f"Title {number}")

    with ThreadPoolExecutor(4) as staff:
        list(staff.map(arrange_at_once, range(4)))
    with room.database.read() as session:
        numbers = session.scalars(
            select(TemplateVersion.number).where(TemplateVersion.template_id == viewers[0].panel.template_id)
        )
        assert sorted(numbers) == [1, 2, 3, 4, 5]


def test_the_kind_is_fixed_once_somebody_posted_even_if_it_was_removed(room: Room) -> None:
    from social_layer.discussion.actions import remove

    viewer = room.newcomer(Role.instructor)
    entry = room.post(viewer)
    with room.database.write() as session:
        remove(session, room.clock, viewer, entry)
    with pytest.raises(Conflict) as refused:
        arrange(room, viewer, kind=Kind.reflection)
    assert refused.value.code == "kind_is_fixed"
    assert not room.look(viewer.membership_id).panel.is_set_up
    assert arrange(room, viewer, title="New title").panel.title == "New title"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"kind": Kind.exchange}, "kind_not_offered"),
        ({"title": " \n"}, "title_missing"),
        ({"title": "t" * 256}, "text_too_long"),
        ({"purpose": "p" * (MAX_PURPOSE + 1)}, "text_too_long"),
        ({"prompt": "p" * 20_001}, "text_too_long"),
        ({"prompt": "[](a)" * 4_000}, "too_much_markup"),
    ],
)
def test_settings_that_cannot_be_taken_are_refused(room: Room, changes: dict[str, Any], code: str) -> None:
    viewer = room.newcomer(Role.instructor)
    with pytest.raises(Invalid) as refused:
        arrange(room, viewer, **changes)
    assert refused.value.code == code
    assert refused.value.facts["field"] in changes
    assert not room.look(viewer.membership_id).panel.is_set_up


def test_a_panel_works_before_it_was_set_up(room: Room) -> None:
    with room.database.write() as session:
        panel = make_panel(session, room.clock, room.tenant_id, room.course_id, title="Named after the link")
    viewer = room.look(room.join(), panel.id)
    assert (viewer.panel.title, viewer.panel.kind, viewer.panel.is_set_up) == (
        "Named after the link",
        Kind.discussion,
        False,
    )
    assert room.entry(viewer, room.post(viewer)).kind == "topic"


def test_setting_up_is_not_in_the_log(room: Room) -> None:
    arrange(room, room.newcomer(Role.instructor))
    assert room.events() == []


def test_a_set_up_from_an_old_page_does_not_change_the_kind_over_what_was_posted(room: Room) -> None:
    stale = room.newcomer(Role.instructor)
    arrange(room, room.newcomer(Role.instructor), kind=Kind.reflection)
    room.post(room.newcomer())
    with pytest.raises(Conflict) as refused:
        arrange(room, stale, kind=Kind.discussion)
    assert refused.value.code == "kind_is_fixed"
    assert arrange(room, stale, kind=Kind.reflection, title="New title").panel.kind is Kind.reflection


def test_a_first_post_on_its_way_fixes_the_kind(room: Room) -> None:
    viewer, learner = room.newcomer(Role.instructor), room.newcomer()
    with ThreadPoolExecutor(1) as staff:
        with room.database.write() as session:
            post(session, room.clock, learner, body="First")
            change = staff.submit(arrange, room, viewer, kind=Kind.reflection)
            time.sleep(0.5)
        with pytest.raises(Conflict):
            change.result()
    assert room.look(viewer.membership_id).panel.kind is Kind.discussion


def test_titles_turn_no_direction_but_their_own(room: Room) -> None:
    panel = arrange(room, room.newcomer(Role.instructor), title="The \u202eriver\n", purpose="a\u2066b").panel
    assert (panel.title, panel.purpose) == ("The river", "ab")


def test_what_is_posted_between_a_look_and_a_set_up_is_of_the_panels_present_kind(room: Room) -> None:
    """The learner's page is a moment older than the set-up: no topic may stand in a reflection panel."""
    learner = room.newcomer()
    arrange(room, room.newcomer(Role.instructor), kind=Kind.reflection)
    entry = room.entry(learner, room.post(learner))
    assert entry.kind == "reflection"
    assert room.event_types() == ["reflection_shared"]
