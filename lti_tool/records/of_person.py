"""What was gathered about one person from the LRSs of their institution, and from its folders alone: the very rows that
an erasure takes out."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from lti_tool.parts import Parts
from lti_tool.records.forgetting import traces_of
from lti_tool.records.gathering import folder_of
from xapi.gathering.identifiers import spellings
from xapi.gathering.store import Gathered
from xapi.models import Lrs
from xapi.reports.acts import as_gathered, aware
from xapi.statements import timestamp

Row = dict[str, Any]
_RECORD = ("statement", "happened", "outcome", "activity", "name", "course", "scaled", "rule")


def gathered_of(given: Parts, tenant_id: UUID, person_id: UUID) -> dict[str, list[Row]]:
    """``records``: what holds of formal results, as reports count it; ``gathered``: the statements, as they were kept.
    Both of each LRS by itself, in the order in which it happened."""
    traces = traces_of(given, tenant_id, person_id)
    names = sorted({spelt for one in traces.identifiers for spelt in spellings(one)})
    with given.database.read() as session:
        stores = session.execute(
            select(Lrs.id, Lrs.name).where(Lrs.tenant_id == tenant_id).order_by(Lrs.created_at, Lrs.id)
        ).all()
    told: dict[str, list[Row]] = {"records": [], "gathered": []}
    for lrs_id, lrs in stores:
        folder = folder_of(given.settings, tenant_id, lrs_id)
        if not folder.is_dir():
            continue
        with Gathered([folder]) as found:
            told["records"] += [{"lrs": lrs, **row} for row in _records(found, names)]
            told["gathered"] += [
                {"lrs": lrs, **row} for row in _statements(found, names, sorted(traces.statements))
            ]
    return told


def _records(found: Gathered, names: list[str]) -> list[Row]:
    rows = found.rows(
        "SELECT statement::VARCHAR, happened, outcome, activity, name, course, scaled, rule FROM record "
        "WHERE list_contains(?::VARCHAR[], folded(told_as)) ORDER BY happened, statement, outcome",
        [names],
    )
    return [{**dict(zip(_RECORD, row, strict=True)), "happened": timestamp(aware(row[1]))} for row in rows]


def _statements(found: Gathered, names: list[str], ids: list[str]) -> list[Row]:
    rows = found.rows(
        "SELECT id::VARCHAR FROM statement WHERE list_contains(?::VARCHAR[], folded(person)) "
        "OR list_contains(?::VARCHAR[], id::VARCHAR) ORDER BY happened, id",
        [names, ids],
    )
    known = as_gathered(found, [id_ for (id_,) in rows])
    return [_plain(known[id_]) for (id_,) in rows]


def _plain(row: Row) -> Row:
    return {name: str(value) if isinstance(value, UUID) else value for name, value in row.items()}
