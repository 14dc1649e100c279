"""Choosing panels for a course: the page, a panel more on it, how it will look, and handing all of them to the LMS."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from uuid import UUID

from flask import Response, make_response, render_template, request
from markupsafe import Markup
from sqlalchemy.orm import Session

from lti_tool import bearer
from lti_tool.lti import deep_linking, placings
from lti_tool.lti.adapter import PlatformRegistration
from lti_tool.lti.placings import Placer
from lti_tool.lti.protocol import protocol
from lti_tool.lti.queries import find_platform
from lti_tool.lti.tool_card import ToolCard
from lti_tool.parts import parts
from lti_tool.problems import Problem
from lti_tool.web import blueprint
from lti_tool.web.fragments import fragment
from lti_tool.web.grading_words import WHAT_COUNTS, sentence
from lti_tool.web.kinds import KINDS
from lti_tool.web.placing_forms import Choice, Chosen, from_json
from lti_tool.web.placing_page import allow_answer, render_placing, speak_to
from lti_tool.web.starting_points import STARTING_POINTS
from social_layer.grading.queries import stages_of
from social_layer.grading.rules import Stage, first_rule
from social_layer.panels.copying import first_rule_of
from social_layer.panels.models import Kind, TemplateVersion
from social_layer.panels.queries import earlier_version
from social_layer.panels.settings import NewPanel, Settings
from social_layer.text import render


@blueprint.get("/placings/<uuid:placing_id>")
def placing(placing_id: UUID) -> Response:
    """As with a panel, a browser that loads this address sends no token: the page's script finds it."""
    if "Authorization" in request.headers:
        with _placer(placing_id) as (session, placer):
            token = request.headers["Authorization"].partition(" ")[2].strip()
            expires_at = bearer.of_request(placing_id).expires_at
            response = make_response(render_placing(session, placer, token, expires_at))
    else:
        with parts().database.read() as session:
            allow_answer(placings.tenant_of_placing(session, placing_id))
        response = make_response(render_template("web/shell.html"))
    response.vary.add("Authorization")
    return response


@blueprint.get("/placings/<uuid:placing_id>/panel")
def panel_to_place(placing_id: UUID) -> Response:
    """The form of one more panel, begun from what ``start`` names."""
    with _placer(placing_id) as (session, placer):
        begun = _begun_from(session, placer, request.args.get("start", ""))
    return fragment(
        "web/placing_panel.html",
        begun=begun,
        panel=begun.panel,
        sentences=[sentence(stage.rule, parts().clock().date()) for stage in begun.stages],
        kinds=KINDS,
        usual={kind: first_rule(kind).needs for kind in KINDS},
        wordings=WHAT_COUNTS,
        placing=placer.placing,
    )


@blueprint.post("/placings/<uuid:placing_id>/preview")
def preview_to_place(placing_id: UUID) -> Response:
    with _placer(placing_id) as (session, placer):
        chosen = _looked_at(session, placer, from_json(Chosen))
        if chosen.graded_alike and chosen.like is not None:
            rules = [stage.rule for stage in _earlier(session, placer, chosen.like)[1]]
        else:
            rules = [rule] if (rule := first_rule_of(chosen)) and rule.needs else []
    today = parts().clock().date()
    prompt = Markup(render(chosen.prompt, field="prompt"))  # noqa: S704 (made safe by render)
    return fragment(
        "web/placing_preview.html",
        panel=chosen,
        prompt=prompt,
        kind=KINDS.get(chosen.kind),
        sentences=[sentence(rule, today) for rule in rules],
        by_itself=all(rule.by_itself for rule in rules),
    )


@blueprint.post("/placings/<uuid:placing_id>/answer")
def place_panels(placing_id: UUID) -> Response:
    """The form by which the page hands the signed answer to the LMS."""
    given = parts()
    with _placer(placing_id) as (_, placer):
        choice = from_json(Choice)
    signing = protocol().tool_keys
    signing.signing()  # opened, or made, before the transaction
    with given.database.write() as session:
        placer = _at_device(placings.find_placer(session, placer.tenant_id, placer.membership_id, placing_id))
        if choice["again"]:
            token = deep_linking.answer_again(given.clock, placer)
        else:
            platform = find_platform(session, placer.tenant_id, placer.placing.platform_id)
            if platform is None:
                raise Problem("placing_unknown")
            registration = PlatformRegistration(platform, signing)
            looked_at = [_looked_at(session, placer, one) for one in choice["panels"]]
            chosen = deep_linking.check(placer, looked_at)
            launch_url = ToolCard(given.settings.public_url).launch_url
            token = deep_linking.answer(session, given.clock, registration, placer, chosen, launch_url)
    return fragment("web/placing_answer.html", return_url=placer.placing.return_url, token=token)


@contextmanager
def _placer(placing_id: UUID) -> Iterator[tuple[Session, Placer]]:
    known = bearer.of_request(placing_id)
    with parts().database.read() as session:
        placer = _at_device(placings.find_placer(session, known.tenant_id, known.membership_id, placing_id))
        speak_to(placer)
        yield session, placer


def _at_device(placer: Placer) -> Placer:
    """In the time of their browser, where the LMS does not tell theirs."""
    told = bearer.zone_of_device()
    return placer if told is None or placer.zone_is_own else replace(placer, time_zone=told, zone_is_own=True)


@dataclass(frozen=True, slots=True)
class _Begun:
    """What a form begins with. ``stages``: the grading of the earlier panel that it is begun from."""

    panel: Settings
    like: UUID | None = None
    stages: tuple[Stage, ...] = ()


def _begun_from(session: Session, placer: Placer, start: str) -> _Begun:
    """From a built-in starting point by its name, or from an earlier panel by the id of its settings, without dates."""
    if built_in := STARTING_POINTS.get(start):
        return _Begun(
            Settings(
                kind=built_in.kind,
                title=str(built_in.title),
                purpose=str(built_in.purpose),
                prompt=str(built_in.prompt),
            )
        )
    try:
        like = UUID(start)
    except ValueError:
        raise Problem("starting_point_unknown") from None
    version, stages = _earlier(session, placer, like)
    return _Begun(
        Settings(
            kind=Kind(version.kind), title=version.title, purpose=version.purpose, prompt=version.prompt
        ),
        like,
        stages,
    )


def _earlier(session: Session, placer: Placer, like: UUID) -> tuple[TemplateVersion, tuple[Stage, ...]]:
    """An earlier panel's settings and the stages of its grading. Raises ``starting_point_unknown``."""
    version = earlier_version(session, placer.tenant_id, placer.person_id, like)
    if version is None:
        raise Problem("starting_point_unknown")
    found = stages_of(session, placer.tenant_id, like)
    return version, tuple(Stage(one.id, replace(one.rule, opens_on=None, due_on=None)) for one in found)


def _looked_at(session: Session, placer: Placer, one: NewPanel) -> NewPanel:
    """With the points of the earlier panel as which it is graded. Raises ``starting_point_unknown``."""
    if one.like is None:
        return replace(one, graded_alike=False)
    version, stages = _earlier(session, placer, one.like)
    # What an earlier panel asks can be carried to one of its kind only.
    if not one.graded_alike or not stages or Kind(version.kind) is not one.kind:
        return replace(one, graded_alike=False)
    # A column that the LMS makes is one stage's; for several the worker makes theirs.
    return replace(one, points=stages[0].rule.points if len(stages) == 1 else None)
