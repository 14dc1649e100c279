"""Writes: a reflection is kept as its author's draft, step by step, until they share it with the course."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from social_layer.clock import Clock
from social_layer.discussion.actions import drop_draft, post, save_draft, take_turn
from social_layer.panels.models import Kind
from social_layer.refusals import Conflict, Invalid
from social_layer.viewer import Viewer

# What? So what? Now what? (Rolfe, Freshwater and Jasper 2001, after Borton 1970)
STEPS = ("what", "so_what", "now_what")
DRAFT = "reflection"


@dataclass(frozen=True, slots=True)
class Thoughts:
    """The three steps; any of them may still be empty."""

    what: str = ""
    so_what: str = ""
    now_what: str = ""


def keep(session: Session, viewer: Viewer, thoughts: Thoughts, step: int = 0) -> None:
    """Saves what was thought so far, and the step its author is at, for their eyes only."""
    save_draft(session, viewer, DRAFT, {**{name: getattr(thoughts, name) for name in STEPS}, "step": step})


def share(
    session: Session,
    clock: Clock,
    viewer: Viewer,
    thoughts: Thoughts,
    *,
    headings: dict[str, str],
    title: str = "",
    group: UUID | None = None,
    idempotency_key: str | None = None,
) -> UUID:
    """Publishes the reflection as an entry, its steps under ``headings`` (step → words in the author's language).

    Raises ``not_a_reflection_panel``, ``step_missing``, and as :func:`~social_layer.discussion.actions.post`.
    """
    if not thoughts.what.strip():
        raise Invalid("step_missing", field="what")
    # By the panel's own word and not by what the viewer saw: a set-up may have come in between.
    turn = take_turn(session, viewer)
    if turn.kind is not Kind.reflection:
        raise Conflict("not_a_reflection_panel")
    entry_id = post(
        session,
        clock,
        viewer,
        title=title,
        body=written(thoughts, headings),
        group=group,
        idempotency_key=idempotency_key,
        turn=turn,
    )
    drop_draft(session, viewer, DRAFT)
    return entry_id


def written(thoughts: Thoughts, headings: dict[str, str]) -> str:
    """The steps that have text as one Markdown text, each under its heading."""
    given = [(headings[name], getattr(thoughts, name).strip()) for name in STEPS]
    return "\n\n".join(f"# {heading}\n\n{text}" for heading, text in given if text)
