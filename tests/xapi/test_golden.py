"""The statements of each kind of event as they were meant: one JSON file a kind, ids and times replaced.

After a change that is meant: ``python -m tests.xapi.test_golden`` writes the files anew, for you to read through.
"""

import json
import re
import tempfile
from pathlib import Path
from typing import Any

import pytest

from social_layer.database import Database
from social_layer.events.models import EventType
from tests.services.validator import XapiValidator
from tests.tables import make_tables
from tests.xapi.test_statements import events_of, everything, statements
from tests.xapi.world import BASE, TestClock, World
from xapi.lrs.validation import validate_statement
from xapi.profile.conforming import Conformity
from xapi.profile.document import profile_document

GOLDEN = Path(__file__).parent / "golden"
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
Json = dict[str, Any]


def by_kind(world: World) -> dict[str, Json]:
    """The first statement of each kind that a small course leaves. The same thing has the same id in all of them."""
    everything(world)
    names: dict[str, str] = {}

    def name(found: re.Match[str]) -> str:
        return names.setdefault(found[0], f"00000000-0000-5000-8000-{len(names) + 1:012}")

    kinds: dict[str, Json] = {}
    for event, statement in zip(events_of(world), statements(world), strict=True):
        fixed = json.loads(_UUID.sub(name, json.dumps(statement)))
        kinds.setdefault(event.type, {**fixed, "timestamp": "2026-03-02T09:00:00.000Z"})
    return kinds


def _read(kind: str) -> Json:
    found: Json = json.loads((GOLDEN / f"{kind}.json").read_text())
    return found


def test_every_kind_of_statement_is_as_it_was_meant(world: World) -> None:
    kinds = by_kind(world)
    assert set(kinds) == set(EventType)
    assert {kind: _read(kind) for kind in kinds} == kinds


def test_there_is_no_golden_statement_of_what_is_not_emitted() -> None:
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(EventType)


@pytest.mark.parametrize("kind", EventType)
def test_golden_statements_are_valid_and_follow_the_profile(kind: str, xapi_validator: XapiValidator) -> None:
    golden = _read(kind)
    assert validate_statement(golden) == []
    assert xapi_validator([golden]) == [[]]
    assert len(Conformity(profile_document(BASE)).matching(golden)) == 1


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/golden.db")
        make_tables(database)
        for kind, statement in by_kind(World(database, TestClock())).items():
            (GOLDEN / f"{kind}.json").write_text(json.dumps(statement, indent=2) + "\n")
        database.close()
