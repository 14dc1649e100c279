"""Fills the demo's course: everybody arrives by a real launch, then says what the story has them say."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urljoin, urlsplit
from uuid import UUID

import requests
from requests.cookies import RequestsCookieJar
from sqlalchemy import update
from sqlalchemy.orm import Session

from lti_tool import bearer
from lti_tool.demo.story import SCENES, Said, Scene
from lti_tool.parts import Parts
from lti_tool.sandbox import Sandbox, authorize
from social_layer.clock import Clock
from social_layer.discussion.actions import post, react
from social_layer.discussion.models import ReactionKind
from social_layer.events.models import Event, EventType
from social_layer.panels.actions import set_up
from social_layer.panels.models import Kind
from social_layer.panels.queries import find_viewer, has_entries
from social_layer.viewer import Viewer

INSTRUCTOR = "amara"
_CONFIG = re.compile(r'<script type="application/json" id="config">(.*?)</script>', re.DOTALL)
_MOST_REDIRECTS = 5


class LaunchFailed(Exception):
    """The tool did not open for somebody of the story; the message is what it answered."""


def seed(given: Parts, sandbox: Sandbox, tool_url: str, told: Callable[[str], None]) -> None:
    """Writes the whole story. ``told`` hears the title of each panel as it is begun."""
    for scene in SCENES:
        told(sandbox.world.link(scene.link).title)
        _play(given, sandbox, tool_url, scene)


def launch(sandbox: Sandbox, tool_url: str, person: str, link: str) -> str:
    """Opens a panel as a browser would, and answers the page's bearer token. Raises :class:`LaunchFailed`."""
    answer = _ask("POST", f"{tool_url}/lti/login", sandbox.login_params(person, link))
    kept = answer.cookies
    for _ in range(_MOST_REDIRECTS):
        if not answer.is_redirect:
            break
        target = urljoin(answer.url, answer.headers["Location"])
        if target.startswith(f"{sandbox.config.base}/auth"):
            url, fields = authorize(sandbox, dict(parse_qsl(urlsplit(target).query)))
            answer = _ask("POST", url, fields, kept)
        else:
            answer = _ask("GET", target, None, kept)
    found = _CONFIG.search(answer.text)
    if not answer.ok or not found:
        raise LaunchFailed(f"{person} could not open {link}: {answer.status_code} {answer.url}")
    token: str = json.loads(found.group(1))["token"]
    return token


def _ask(
    method: str, url: str, data: Mapping[str, str] | None, kept: RequestsCookieJar | None = None
) -> requests.Response:
    """One request to the tool, cookies sent by hand.

    They are Secure. Browsers send such to this machine's own address even without https, requests does not.
    """
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in kept or ())
    headers = {"Cookie": cookies} if cookies else {}
    return requests.request(method, url, data=data, headers=headers, allow_redirects=False, timeout=30)


def _play(given: Parts, sandbox: Sandbox, tool_url: str, scene: Scene) -> None:
    cast = {INSTRUCTOR, *(name for said in scene.threads for name in _speakers(said))}
    tokens = {name: launch(sandbox, tool_url, name, scene.link) for name in sorted(cast)}
    with given.database.write() as session:

        def as_person(name: str) -> Viewer:
            ids = bearer.read(given, tokens[name])
            viewer = find_viewer(session, ids.tenant_id, ids.membership_id, ids.panel_id)
            if viewer is None:
                raise LaunchFailed(f"{name} is no member of the course of {scene.link}")
            return viewer

        for name in cast:
            _looked_before(
                session, as_person(name), given.clock() - timedelta(minutes=_first_word(scene, name) + 5)
            )

        def say(said: Said, parent: UUID | None = None) -> None:
            clock = _ago(given.clock, said.ago)
            entry = post(
                session, clock, as_person(said.who), title=said.title, body=said.body, parent_id=parent
            )
            for name, kind in said.reactions:
                react(session, _ago(given.clock, said.ago - 3), as_person(name), entry, ReactionKind(kind))
            for answer in said.answers:
                say(answer, entry)

        if has_entries(session, as_person(INSTRUCTOR)):
            return  # an earlier start was stopped half-way: this scene was played
        set_up(
            session,
            given.clock,
            as_person(INSTRUCTOR),
            kind=Kind(scene.kind),
            title=sandbox.world.link(scene.link).title,
            purpose=scene.purpose,
            prompt=scene.prompt,
        )
        for said in sorted(scene.threads, key=lambda said: -said.ago):
            say(said)


def _looked_before(session: Session, viewer: Viewer, at: datetime) -> None:
    """The launches of the story were made just now; in the story people look at a panel before they write in it."""
    session.execute(
        update(Event)
        .where(
            Event.tenant_id == viewer.tenant_id,
            Event.voice_id == viewer.voice_id,
            Event.object_id == viewer.panel.id,
            Event.type == EventType.panel_opened,
        )
        .values(occurred_at=at)
    )


def _first_word(scene: Scene, name: str) -> int:
    """How many minutes ago somebody first said or liked something; the instructor was there before all others."""
    said = [ago for thread in scene.threads for who, ago in _deeds(thread) if name in (who, INSTRUCTOR)]
    return max(said)


def _deeds(said: Said) -> Iterator[tuple[str, int]]:
    yield said.who, said.ago
    yield from ((name, said.ago - 3) for name, _ in said.reactions)
    for answer in said.answers:
        yield from _deeds(answer)


def _speakers(said: Said) -> set[str]:
    reacting = {name for name, _ in said.reactions}
    return {said.who} | reacting | {name for answer in said.answers for name in _speakers(answer)}


def _ago(clock: Clock, minutes: int) -> Clock:
    return lambda: clock() - timedelta(minutes=max(minutes, 1))
