"""Erases a person from the whole installation, in one transaction, and writes the receipt."""

import getpass
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from lti_tool.bridging import base_of
from lti_tool.lti.grade_models import Score
from lti_tool.lti.launch_log import account_digest
from lti_tool.lti.log_models import LaunchAttempt
from lti_tool.lti.models import Placing
from lti_tool.parts import Parts
from lti_tool.records.forgetting import forget_gathered, traces_of
from social_layer.erasing.actions import erase
from social_layer.people.models import Account, Membership
from xapi.gathering.models import PersonIdentifier
from xapi.scopes.erasing import take_back
from xapi.scopes.models import Erasure
from xapi.scopes.receipts import write_receipt


def erase_person(given: Parts, tenant_id: UUID, person_id: UUID, erased_by: str) -> Erasure:
    """``erased_by``: who did it, as the receipt is to say."""
    base = base_of(given)
    now = given.clock()
    # Before: it takes long, and must not keep others from writing. After: a pull may have been under way.
    traces = traces_of(given, tenant_id, person_id)
    gathered = forget_gathered(given, traces)
    with given.database.write() as session:
        counts = take_back(session, base, tenant_id, person_id, now)
        counts |= _forget_at_the_edge(session, given, tenant_id, person_id)
        counts |= erase(session, given.clock, tenant_id, person_id)
        receipt = write_receipt(
            session, given.sealer, tenant_id, now, erased_by, {**counts, "gathered": gathered}
        )
    forget_gathered(given, traces)
    return receipt


def whoever_runs_this() -> str:
    try:
        return f"command line ({getpass.getuser()})"[:64]
    except (OSError, KeyError):
        return "command line"


def _forget_at_the_edge(session: Session, given: Parts, tenant_id: UUID, person_id: UUID) -> dict[str, int]:
    """Grades on their way, placings under way, and whose launches the log speaks of. What an LMS has, it keeps."""
    memberships = select(Membership.id).where(
        Membership.tenant_id == tenant_id, Membership.person_id == person_id
    )
    counts = {}
    for name, table in (("scores", Score), ("placings", Placing)):
        gone = session.execute(
            delete(table)
            .where(table.tenant_id == tenant_id, table.membership_id.in_(memberships))
            .execution_options(synchronize_session=False)
        )
        counts[name] = int(gone.rowcount)  # type: ignore[attr-defined]
    identifiers = session.execute(
        delete(PersonIdentifier).where(
            PersonIdentifier.tenant_id == tenant_id, PersonIdentifier.person_id == person_id
        )
    )
    counts["identifiers"] = int(identifiers.rowcount)  # type: ignore[attr-defined]
    digests = [
        account_digest(given.sealer, home_page, name)
        for home_page, name in session.execute(
            select(Account.home_page, Account.name).where(
                Account.tenant_id == tenant_id, Account.person_id == person_id
            )
        )
    ]
    launches = session.execute(
        update(LaunchAttempt)
        .where(LaunchAttempt.account.in_(digests))
        .values(account=None)
        .execution_options(synchronize_session=False)
    )
    counts["launches"] = int(launches.rowcount)  # type: ignore[attr-defined]
    return counts
