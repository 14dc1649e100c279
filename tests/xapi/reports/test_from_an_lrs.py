"""Reports of a course and of a person by the command line, from an LRS alone."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid5

import duckdb
import pytest
import requests
from click.testing import CliRunner, Result
from playwright.sync_api import Browser, expect

from lti_tool.cli import main
from tests.xapi.reports.told import BASE, LMS, PEOPLE, Told, identifier, lively

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Where there is no installation: nothing of the tool's is needed."""
    monkeypatch.chdir(tmp_path)

    def run(kind: str, endpoint: str, *more: str) -> Result:
        arguments = ["report", kind, "--lrs", endpoint, "--username", "key", "--password", "-", *more]
        return CliRunner().invoke(main, arguments, input="secret\n", prog_name="alongside")

    return run


def post(endpoint: str, told: Told, since: int = 0) -> None:
    """``stored`` is the LRS's own to say."""
    statements = [
        {name: value for name, value in one.items() if name != "stored"} for one in told.statements[since:]
    ]
    answer = requests.post(
        f"{endpoint}/statements",
        json=statements,
        auth=("key", "secret"),
        headers={"X-Experience-API-Version": "1.0.3"},
        timeout=30,
    )
    assert answer.status_code == 200, answer.text


def rows_of(report: dict[str, Any], measure: str) -> list[Any]:
    found: list[Any] = next(one for one in report["measures"] if one["measure"] == measure)["rows"]
    return found


def test_a_course_as_json_csv_and_parquet(bundled: str, run: Run, tmp_path: Path) -> None:
    told = lively()
    post(bundled, told)
    result = run("course", bundled, "--course", told.iri, "--json")
    assert result.exit_code == 0, result.stderr
    report = json.loads(result.stdout)
    assert rows_of(report, "participation")[0] == ["2026-02-02", 12, 24]
    assert rows_of(report, "participation")[1] == ["2026-02-09", None, None]
    assert report["as_of"]
    known = {one["id"] for one in told.statements}
    assert all(set(one["statements"]) <= known for one in report["measures"])
    # Three people's threads wait, and three shared a reflection: neither can be counted in another list.
    (listed, leaves_out) = next(
        (set(one["statements"]), one["leaves_out"])
        for one in report["measures"]
        if one["measure"] == "participation"
    )
    assert leaves_out
    assert listed == {one["id"] for one in told.statements[12:24]}
    odd = run("course", bundled, "--course", told.iri, "--out", "report.xls")
    assert (odd.exit_code, (tmp_path / "report.xls").exists()) == (2, False)
    assert "end its name in one of .html, .csv, .json, .parquet" in odd.stderr
    page = run("course", bundled, "--course", told.iri, "--format", "html").stdout
    assert "Some statements are not listed, because few people are behind them." in page
    assert not any(one["id"] in page for one in told.statements if one["verb"]["id"].endswith("/submitted"))
    assert f"{len(told.statements)} statements read" in result.stderr

    table = list(
        csv.DictReader(io.StringIO(run("course", bundled, "--course", told.iri, "--format", "csv").stdout))
    )
    (people,) = [
        one
        for one in table
        if (one["measure"], one["row"], one["column"]) == ("participation", "0", "People")
    ]
    assert people["value"] == "12.0"
    assert (people["since"], people["until"], people["time_zone"]) == ("", "", "UTC")
    assert "in a week that begins on Monday" in people["definition"]
    file = tmp_path / "report.parquet"
    assert run("course", bundled, "--course", told.iri, "--out", str(file)).exit_code == 0
    ((cells, hidden),) = duckdb.sql(f"SELECT count(*), sum(hidden::INT) FROM '{file}'").fetchall()
    assert cells == len(table)
    ((definition,),) = duckdb.sql(
        f"SELECT DISTINCT definition FROM '{file}' WHERE measure = 'participation'"
    ).fetchall()
    assert definition == people["definition"]
    assert hidden == sum(one["hidden"] == "True" for one in table) > 0


def test_a_second_run_reads_only_what_is_new(bundled: str, run: Run, tmp_path: Path) -> None:
    told, folder = lively(), str(tmp_path / "kept")
    post(bundled, told)
    before = len(told.statements)
    first = run("course", bundled, "--course", told.iri, "--json", "--cache", folder)
    assert f"{before} statements read, {before} of them new." in first.stderr
    for who in PEOPLE[:5]:
        told.open(who, days=22)
    post(bundled, told, since=before)
    second = run("course", bundled, "--course", told.iri, "--json", "--cache", folder)
    assert "5 of them new." in second.stderr
    assert rows_of(json.loads(second.stdout), "participation")[-1] == ["2026-02-23", 5, 8]

    elsewhere = run(
        "course", bundled.replace("127.0.0.1", "localhost"), "--course", told.iri, "--cache", folder
    )
    assert elsewhere.exit_code == 1
    assert "holds what was read from another LRS" in elsewhere.stderr


def test_a_course_that_is_not_there_names_those_that_are(bundled: str, run: Run) -> None:
    told = lively()
    post(bundled, told)
    result = run("course", bundled, "--course", f"{BASE}/xapi/courses/none")
    assert (result.exit_code, result.stdout) == (1, "")
    assert told.iri in result.stderr


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--format", "parquet"], "needs --out"),
        (["--json", "--format", "csv"], "do not go together"),
        (["--time-zone", "Nowhere/Land"], "no such time zone"),
    ],
)
def test_wishes_that_cannot_be_met_are_told_at_once(run: Run, more: list[str], said: str) -> None:
    result = run("course", "http://127.0.0.1:1/xAPI", "--course", "x", *more)
    assert result.exit_code == 2
    assert said in result.stderr


def test_a_persons_timeline(bundled: str, run: Run, tmp_path: Path) -> None:
    told = lively()
    post(bundled, told)
    result = run("person", bundled, "--person", identifier("ada"), "--json")
    assert result.exit_code == 0, result.stderr
    moments = json.loads(result.stdout)
    assert [one["kind"] for one in moments][:3] == ["completed", "opened", "reflected"]
    assert moments[0]["name"] == "Quiz"
    table = run("person", bundled, "--person", identifier("ada"), "--format", "csv").stdout
    assert [one["id"] for one in csv.DictReader(io.StringIO(table))] == [one["id"] for one in moments]
    file = tmp_path / "ada.parquet"
    assert run("person", bundled, "--person", identifier("ada"), "--out", str(file)).exit_code == 0
    found = duckdb.sql(f"SELECT id FROM '{file}'").fetchall()
    assert [id_ for (id_,) in found] == [one["id"] for one in moments]
    assert {one["lrs"] for one in csv.DictReader(io.StringIO(table))} == {bundled}
    nobody = run("person", bundled, "--person", identifier("nobody"))
    assert nobody.exit_code == 1
    assert "people are written as https://moodle.example.edu|ada" in nobody.stderr


MOODLE_COURSE = f"{LMS}/course/view.php?id=2"


def as_an_lms_writes(told: Told) -> Told:
    """Formal results of the LMS's own course, of people named by mail."""
    formal = Told(course=uuid5(told.course, "formal"))
    for number, who in enumerate(PEOPLE):
        formal.reach(who, "Exam", scaled=0.3 + number / 20, days=25)
    for one in formal.statements:
        one["actor"] = {
            "objectType": "Agent",
            "mbox": f"mailto:{one['actor']['account']['name']}@example.edu",
        }
        one["context"]["contextActivities"]["grouping"][0]["id"] = MOODLE_COURSE
    return formal


def test_formal_results_of_another_id_and_other_names_stand_beside(
    bundled: str, run: Run, tmp_path: Path
) -> None:
    told = lively()
    told.statements = [one for one in told.statements if "/quiz/" not in one["object"]["id"]]
    for each in (told, as_an_lms_writes(told)):
        post(bundled, each)
    file = tmp_path / "known.csv"
    lines = [f"{who.upper()}@example.edu,{identifier(who)}" for who in PEOPLE]
    file.write_text("\n".join(["identifier,account", *lines]))
    ties = ["--course", told.iri, "--also", MOODLE_COURSE, "--identifiers", str(file)]
    alone = json.loads(run("course", bundled, "--course", told.iri, "--json").stdout)
    assert rows_of(alone, "results") == []
    tied = run("course", bundled, *ties, "--json")
    assert tied.exit_code == 0, tied.stderr
    report = json.loads(tied.stdout)
    assert rows_of(report, "results")[0][:3] == ["Exam", 12, 12]
    relation = next(one for one in report["measures"] if one["measure"] == "relation")
    assert (relation["n"], relation["facts"]["joined"]) == (12, 12)
    for person in (identifier("ada"), "mailto:ada@example.edu"):
        moments = json.loads(run("person", bundled, "--person", person, *ties, "--json").stdout)
        assert [one["kind"] for one in moments][:3] == ["completed", "opened", "reflected"]
        assert moments[0]["course"] == told.iri


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["who,account"], "missing: identifier"),
        (["identifier,account", "ada@example.edu,ada"], "line 2: give an identifier and an account"),
        (["identifier,account", f"ada@example.edu,{BASE}|ada"], "whose accounts are aliases"),
        (
            ["identifier,account", *(f"ada@example.edu,{identifier(one)}" for one in ("ada", "ben"))],
            "line 3: mailto:ada@example.edu is somebody else above",
        ),
    ],
)
def test_a_file_of_identifiers_that_is_wrong_says_where(
    run: Run, tmp_path: Path, lines: list[str], said: str
) -> None:
    file = tmp_path / "known.csv"
    file.write_text("\n".join(lines))
    course = ["--course", lively().iri]
    result = run("course", "http://127.0.0.1:1/xAPI", *course, "--identifiers", str(file))
    assert (result.exit_code, result.stdout) == (1, "")
    assert said in result.stderr


def test_other_ids_are_those_of_a_course(run: Run) -> None:
    result = run("person", "http://127.0.0.1:1/xAPI", "--person", identifier("ada"), "--also", MOODLE_COURSE)
    assert result.exit_code == 2
    assert "--also needs --course" in result.stderr


HOSTILE = "<script>alert(1)</script><img src=http://evil.example/x onerror=alert(2)>"


def test_the_file_opens_offline_and_runs_nothing(
    bundled: str, run: Run, tmp_path: Path, browser: Browser
) -> None:
    told = lively()
    told.open(f"{HOSTILE}={HOSTILE}", hours=30)
    thread = told.open("ada", hours=31)
    told.answer(f"{HOSTILE}={HOSTILE}", thread, hours=32)
    for who in PEOPLE[:6]:
        told.reach(who, HOSTILE, days=26)
    post(bundled, told)
    files = {"course": tmp_path / "course.html", "person": tmp_path / "person.html"}
    assert run("course", bundled, "--course", told.iri, "--out", str(files["course"])).exit_code == 0
    assert run("person", bundled, "--person", identifier("ada"), "--out", str(files["person"])).exit_code == 0
    context = browser.new_context(offline=True, viewport={"width": 360, "height": 720})
    page = context.new_page()
    heard: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("dialog", lambda dialog: heard.append(dialog.message))
    page.on("request", lambda request: asked.append(request.url))
    for file in files.values():
        page.goto(file.as_uri())
        assert page.locator("script").count() == 0
        assert page.locator("img").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.goto(files["course"].as_uri())
    # A number leads to the statements behind it, further down in the file.
    page.locator("section[aria-labelledby=network] td a").first.click()
    expect(page.locator("section[aria-labelledby=network] details h3").first).to_be_visible()
    context.close()
    assert heard == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    text = files["course"].read_text()
    assert "&lt;script&gt;alert(1)" in text
    assert "not a cause" in text
    assert "<svg" in text
