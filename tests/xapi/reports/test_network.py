"""Who learns with whom, rebuilt from an LRS alone: edge for edge, and no alias joined to a person."""

import csv
import io
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID, uuid5
from xml.etree import ElementTree as ET

import pytest
import requests
from click.testing import CliRunner, Result

from lti_tool import migrations
from lti_tool.cli import main
from social_layer.database import Database
from social_layer.people.models import Role
from tests.tables import make_tables
from tests.xapi.reports.crowd import ALIASES, PEOPLE, Crowd
from tests.xapi.world import BASE, HOME_PAGE, SEALER, TestClock, World
from xapi.bridge import Bridge
from xapi.models import DeliveryState
from xapi.reports.network import Edge

Report = Callable[..., Result]


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    database = Database(sqlite_url)
    make_tables(database)
    yield database
    database.close()


@pytest.fixture
def report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Report:
    """The command as somebody runs it who has the LRS's address and credentials, and nothing else of ours."""
    for name in ("DATABASE_URL", "LRS_DATABASE_URL", "ALONGSIDE_SECRET_KEY"):
        monkeypatch.setenv(name, "nothing that could be used")
    monkeypatch.setenv("ALONGSIDE_HOME", str(tmp_path / "elsewhere"))

    def run(endpoint: str, *more: str, password: str = "secret", typed: str | None = None) -> Result:
        arguments = ["--lrs", endpoint, "--username", "key", "--password", password, *more]
        return CliRunner().invoke(main, ["report", "network", *arguments], input=typed, prog_name="alongside")

    return run


def deliver(database: Database, clock: TestClock) -> None:
    bridge = Bridge(database, clock, SEALER, BASE, rng=random.Random(1))
    clock.advance(1)
    for key in bridge.sweep():
        bridge.deliver(key)
    bridge.close()


def edges_of(result: Result) -> list[Edge]:
    assert result.exit_code == 0, result.output
    return [Edge(row.pop("from"), **row) for row in json.loads(result.stdout)]


def test_the_network_of_forty_people_is_rebuilt_edge_for_edge(
    database: Database, clock: TestClock, endpoint: str, report: Report
) -> None:
    worlds = [World(database, clock), World(database, clock)]
    crowd = Crowd(worlds, random.Random(7))
    crowd.act()
    worlds[0].connect(endpoint)
    deliver(database, clock)
    assert {delivery.state for delivery in worlds[0].deliveries()} == {DeliveryState.delivered}
    network, aliases = crowd.network(), crowd.aliases
    accounts = {f"person-{number}-7" for number in range(PEOPLE)}
    migrations.metadata().drop_all(database.engine)

    rebuilt = []
    for world in worlds:
        rebuilt += edges_of(report(endpoint, "--course", f"{BASE}/xapi/courses/{world.course_id}"))
    assert Counter(rebuilt) == Counter(network)
    assert len(network) > 400

    people = {edge.from_ for edge in rebuilt} | {edge.to for edge in rebuilt}
    under_alias = {f"{BASE}|{alias}" for alias in aliases}
    known = {f"{HOME_PAGE}|{account}" for account in accounts}
    assert len(under_alias) == 2 * ALIASES
    assert people <= under_alias | known
    assert under_alias & people == {person for person in people if person.startswith(BASE)}
    assert len(under_alias & people) > ALIASES


def test_without_a_course_all_of_the_lrs_is_read_in_the_order_in_which_it_happened(
    database: Database, clock: TestClock, bundled: str, report: Report
) -> None:
    worlds = [World(database, clock), World(database, clock)]
    crowd = Crowd(worlds, random.Random(3))
    crowd.act(120)
    worlds[0].connect(bundled)
    deliver(database, clock)
    result = report(bundled)
    rebuilt = edges_of(result)
    assert set(rebuilt) == crowd.network()
    assert [edge.at for edge in rebuilt] == sorted(edge.at for edge in rebuilt)
    assert f"{len(rebuilt)} edges, from " in result.stderr


def test_each_format_says_the_same(
    world: World, database: Database, clock: TestClock, bundled: str, report: Report, tmp_path: Path
) -> None:
    Crowd([world], random.Random(5)).act(80)
    world.connect(bundled)
    deliver(database, clock)
    edges = edges_of(report(bundled, "--json"))
    file = tmp_path / "network.csv"
    written = report(bundled, "--format", "csv", "--out", str(file))
    assert written.stdout == ""
    rows = list(csv.DictReader(io.StringIO(file.read_text(), newline="")))
    assert [Edge(row.pop("from"), **row) for row in rows] == edges  # type: ignore[arg-type]
    graph = ET.parse(io.StringIO(report(bundled, "--format", "graphml").stdout)).getroot()
    space = {"g": "http://graphml.graphdrawing.org/xmlns"}
    found = graph.findall(".//g:edge", space)
    assert graph.find("g:graph", space).attrib["edgedefault"] == "directed"  # type: ignore[union-attr]
    assert {(one.attrib["source"], one.attrib["target"], one.attrib["id"]) for one in found} == {
        (edge.from_, edge.to, edge.statement) for edge in edges
    }
    assert Counter(one.findtext("g:data[@key='kind']", namespaces=space) for one in found) == Counter(
        edge.kind for edge in edges
    )


def test_a_window_is_about_when_it_happened_and_knows_whom_it_answers(
    world: World, database: Database, clock: TestClock, bundled: str, report: Report
) -> None:
    world.connect(bundled)
    topic = world.post("maya")
    world.post("joel", parent=topic)
    clock.advance(3 * 24 * 3600)
    late = world.post("ines", parent=topic)
    removed = world.post("joel", parent=topic)
    clock.advance(24 * 3600)
    world.remove("ines", late)
    world.member("amara", role=Role.instructor)
    world.remove("amara", removed)
    deliver(database, clock)
    lately = edges_of(report(bundled, "--since", "2026-03-04", "--until", "2026-03-06"))
    assert sorted(edge.from_ for edge in lately) == [f"{HOME_PAGE}|ines-7", f"{HOME_PAGE}|joel-7"]
    assert {edge.to for edge in lately} == {f"{HOME_PAGE}|maya-7"}
    assert [edge.from_ for edge in edges_of(report(bundled, "--until", "2026-03-04"))] == [
        f"{HOME_PAGE}|joel-7"
    ]
    assert edges_of(report(bundled, "--since", "2026-03-05")) == []


def test_what_was_voided_makes_no_edge(
    world: World, database: Database, clock: TestClock, endpoint: str, report: Report
) -> None:
    world.connect(endpoint)
    topic = world.post("maya")
    reply = world.post("joel", parent=topic)
    world.react("ines", reply)
    world.post("ines", parent=topic)
    deliver(database, clock)
    void(endpoint, uuid5(world.tenant_id, f"{reply}/0"))
    result = report(endpoint, "--course", f"{BASE}/xapi/courses/{world.course_id}")
    assert [(edge.from_, edge.kind) for edge in edges_of(result)] == [(f"{HOME_PAGE}|ines-7", "answered")]
    assert "1 more name a statement that the LRS does not show" in result.stderr


def void(endpoint: str, statement_id: UUID) -> None:
    voiding = {
        "actor": {"account": {"homePage": BASE, "name": "operator"}},
        "verb": {"id": "http://adlnet.gov/expapi/verbs/voided"},
        "object": {"objectType": "StatementRef", "id": str(statement_id)},
    }
    answer = requests.post(
        f"{endpoint}/statements",
        json=voiding,
        auth=("key", "secret"),
        headers={"X-Experience-API-Version": "1.0.3"},
        timeout=10,
    )
    assert answer.status_code == 200, answer.text


def test_an_lrs_without_edges_gives_an_empty_list(bundled: str, report: Report) -> None:
    assert report(bundled).stdout == "[]\n"
    assert report(bundled, "--format", "csv").stdout.splitlines() == ["from,to,kind,course,at,statement"]
