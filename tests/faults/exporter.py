"""An export to be killed: `python -m tests.faults.exporter DATABASE_URL TENANT FORMAT OUT`, one event at a time."""

import sys
from pathlib import Path
from uuid import UUID

from social_layer.clock import system_clock
from social_layer.database import Database
from tests.xapi.world import BASE, SEALER
from xapi.eventlog.exporting import Summary, export
from xapi.eventlog.files import Lines, Parts
from xapi.eventlog.rows import EventLog, Wanted
from xapi.scopes.pseudonyms import Masks


def export_slowly(database: Database, tenant_id: UUID, form: str, out: Path) -> Summary:
    log = EventLog(database, system_clock, Masks(database, SEALER, BASE), BASE, Wanted(tenant_id), portion=1)
    target = Lines(out, {}) if form == "jsonl" else Parts(out, {}, part_rows=5)
    return export(log, target)


if __name__ == "__main__":
    print("ready", flush=True)
    export_slowly(Database(sys.argv[1]), UUID(sys.argv[2]), sys.argv[3], Path(sys.argv[4]))
