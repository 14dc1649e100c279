"""Writes: a new term begins."""

from sqlalchemy import update
from sqlalchemy.orm import Session

from social_layer.clock import Clock
from social_layer.people.models import Course, CourseTerm
from social_layer.refusals import Conflict, NotAllowed
from social_layer.viewer import Viewer


def start_new_term(session: Session, clock: Clock, viewer: Viewer, *, after: int) -> int:
    """Ends the course's term ``after`` and begins the next, whose number it answers.

    What was written is archived: staff read it as a former term, and its authors can download what is theirs.
    Raises ``not_arranging``, and ``term_changed`` where that is not the present term (any more).
    """
    if not viewer.may_arrange:
        raise NotAllowed("not_arranging")
    of_course = (Course.tenant_id == viewer.tenant_id) & (Course.id == viewer.panel.course_id)
    begun = session.execute(
        update(Course).where(of_course, Course.term == after).values(term=after + 1).returning(Course.term)
    ).first()
    if begun is None:
        raise Conflict("term_changed")
    session.add(
        CourseTerm(
            tenant_id=viewer.tenant_id, course_id=viewer.panel.course_id, number=after, ended_at=clock()
        )
    )
    session.flush()
    return after + 1
