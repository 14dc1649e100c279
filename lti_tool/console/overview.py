"""What needs attention, first of all; and the whole examination of the installation."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from flask import render_template, url_for
from flask_babel import format_timedelta, ngettext
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lti_tool import doctor
from lti_tool.console import blueprint, queries
from lti_tool.console.guard import me, scope
from lti_tool.parts import parts
from lti_tool.problems import Problem
from lti_tool.records.status import readings
from xapi.status import LrsWaiting, waiting

# Older than this, what waits does not wait because a worker is about to come.
_NO_WORKER = timedelta(minutes=2)
_BEHIND = timedelta(minutes=15)
# A platform fails where at least so many launches were refused in a day, and so large a part of them.
_MANY, _PART = 3, 0.2
# An LRS that was read in vain so often is out of reach for longer.
_TRIED = 3


@dataclass(frozen=True, slots=True)
class Matter:
    """Something to look at: what it is, what to do, and where."""

    sentence: str
    todo: str
    link: str | None = None
    is_grave: bool = True


@blueprint.get("")
def overview() -> str:
    given = parts()
    now = given.clock()
    with given.database.read() as session:
        names = dict(queries.platform_names(session, scope()))
        counted = queries.counted_launches(session, scope(), now)
        matters = [
            *_statements(session, now),
            *_launches(names, counted),
            *_services(session, now),
            *_read_back(session),
        ]
    if scope() is None:
        matters += _installation()
    launched = sum(one.launched for one in counted.values())
    refused: dict[str, int] = {}
    for one in counted.values():
        for outcome, number in one.refused.items():
            refused[outcome] = refused.get(outcome, 0) + number
    return render_template(
        "console/overview.html",
        matters=sorted(matters, key=lambda matter: not matter.is_grave),
        platforms=len(names),
        launched=launched,
        refused=sorted(refused.items(), key=lambda item: -item[1]),
    )


@blueprint.get("/checks")
def checks() -> str:
    """Asks LRSs and the broker too, which takes some seconds."""
    if scope() is not None:
        raise Problem("not_found")
    return render_template("console/checks.html", findings=list(doctor.examine(parts())))


def _statements(session: Session, now: datetime) -> Iterator[Matter]:
    found = waiting(session)
    if scope() is None and found.undispatched_since and now - found.undispatched_since > _NO_WORKER:
        yield Matter(
            _(
                "Events have waited for %(span)s to be looked at: no worker runs.",
                span=_span(now - found.undispatched_since),
            ),
            _("Start it: alongside worker."),
        )
    for lrs in found.lrss:
        if scope() is None or lrs.tenant == me().tenant:
            yield from _of_lrs(lrs, now)


def _of_lrs(lrs: LrsWaiting, now: datetime) -> Iterator[Matter]:
    if lrs.paused:
        yield Matter(
            _(
                "Nothing is sent to the LRS %(name)s any more: %(why)s.",
                name=lrs.name,
                why=lrs.trouble or "–",
            ),
            _("Mend it, and have it sent to again"),
            url_for("console.store", lrs_id=lrs.id),
        )
    if lrs.parked:
        yield Matter(
            ngettext(
                "The LRS %(name)s refused %(num)s statement.",
                "The LRS %(name)s refused %(num)s statements.",
                lrs.parked,
                name=lrs.name,
            ),
            _("Read its answers"),
            url_for("console.store", lrs_id=lrs.id, _anchor="refused"),
        )
    if lrs.failures >= _TRIED and lrs.pending and not lrs.paused:
        yield Matter(
            ngettext(
                "The LRS %(name)s does not take what is sent: %(num)s statement waits.",
                "The LRS %(name)s does not take what is sent: %(num)s statements wait.",
                lrs.pending,
                name=lrs.name,
            ),
            _("See why. Nothing is lost, and it is tried again by itself."),
            url_for("console.store", lrs_id=lrs.id),
            is_grave=False,
        )
    elif lrs.oldest_at and now - lrs.oldest_at > _BEHIND and not lrs.paused:
        yield Matter(
            _("The LRS %(name)s is %(span)s behind.", name=lrs.name, span=_span(now - lrs.oldest_at)),
            _("Is it reachable, and does the worker run? Statements wait and are not lost."),
            is_grave=False,
        )


def _launches(names: dict[UUID, str], counted: dict[UUID | None, queries.Counted]) -> Iterator[Matter]:
    for platform_id, one in counted.items():
        if one.refusals < _MANY or one.refusals < _PART * (one.refusals + one.launched):
            continue
        name = names.get(platform_id) if platform_id else None
        if platform_id and name is None:
            continue  # removed meanwhile
        outcome = max(one.refused, key=lambda code: one.refused[code])
        yield Matter(
            _(
                "%(refused)s of %(all)s launches from %(name)s were refused in the last day, mostly as %(code)s.",
                refused=one.refusals,
                all=one.refusals + one.launched,
                name=name or _("an LMS that is not known"),
                code=outcome,
            ),
            _("Look at them"),
            url_for("console.launches", outcome="refused", platform=platform_id),
            # Anybody can try addresses without being an LMS.
            is_grave=platform_id is not None,
        )


def _services(session: Session, now: datetime) -> Iterator[Matter]:
    for name, platform_id, service, _number in queries.failing_services(
        session, scope(), now - timedelta(days=1)
    ):
        yield Matter(
            _("%(name)s refused what was asked of its service “%(service)s”.", name=name, service=service),
            _("Read its answer"),
            url_for("console.platform", platform_id=platform_id, _anchor="errors"),
            is_grave=False,
        )


def _read_back(session: Session) -> Iterator[Matter]:
    """A reading that failed once is tried again soon, and no matter yet; nor is one of an LRS that lets us do nothing
    at all, which is told as such."""
    for one in readings(session, None if scope() is None else me().tenant):
        if one.is_paused:
            continue
        if one.is_refused:
            yield Matter(
                _("The LRS %(name)s lets us write, and not read: reports have nothing of it.", name=one.name),
                _("Give its credentials the right to read all statements, or leave it so."),
                is_grave=False,
            )
        elif one.failures >= _TRIED:
            yield Matter(
                _("The LRS %(name)s cannot be read back: %(why)s", name=one.name, why=one.trouble),
                _("Reports show what was read before. See: alongside records status."),
                is_grave=False,
            )


def _installation() -> Iterator[Matter]:
    """What `alongside doctor` finds without asking other machines."""
    for finding in doctor.examine_here(parts()):
        if finding.state is not doctor.State.ok:
            yield Matter(
                f"{finding.subject}: {finding.said}",
                finding.todo,
                is_grave=finding.state is doctor.State.failed,
            )


def _span(span: timedelta) -> str:
    return str(format_timedelta(span))
