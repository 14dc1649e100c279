"""Reports of a course and of a person by the command line, from an LRS alone."""

import csv
import io
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4, uuid5

import duckdb
import pytest
import requests
from click.testing import CliRunner, Result
from playwright.sync_api import Browser, expect

from lti_tool.cli import main
from tests.browser.test_access import violations
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


def test_the_file_names_course_and_people_as_the_lrs_was_told(
    endpoint: str, run: Run, tmp_path: Path, browser: Browser
) -> None:
    """Whichever LRS it is; no whole account stands in a table of numbers, and all stand at the end."""
    # Anew each time: an LRS of the whole run knows the other courses.
    told = lively(uuid4())
    thread = told.open("ben=Ben Okafor", hours=30)
    told.answer("eva=Eva Sand", thread, hours=31)
    alias = Told(told.course, told.base, told.base, told.statements)
    alias.answer("0f4e1f0a-6a53-4b7e-9d0e-2f7d3a0c8c11", thread, hours=32)
    post(endpoint, told)
    file = tmp_path / "course.html"
    assert run("course", endpoint, "--course", told.iri, "--out", str(file)).exit_code == 0
    page = browser.new_page()
    page.goto(file.as_uri())
    heading = page.locator("dl").first
    expect(heading).to_contain_text("Ecology")
    expect(heading).to_contain_text(told.iri)
    network = page.get_by_role("region", name="Who answers whom: table")
    row = network.get_by_role("row").filter(has_text="Eva Sand").filter(has_text="Ben Okafor")
    expect(row.locator("abbr").first).to_have_attribute("title", identifier("eva"))
    expect(network).to_contain_text("0f4e1f0a…")
    expect(network).not_to_contain_text(LMS)
    known = page.get_by_role("region", name="Who is who: table")
    expect(known.get_by_role("row").filter(has_text="Eva Sand")).to_contain_text(identifier("eva"))
    expect(known.get_by_role("row").filter(has_text="0f4e1f0a…")).to_contain_text("an alias or a pseudonym")
    assert known.get_by_role("row").count() == 1 + len(PEOPLE) + 1

    alone = ["--person", identifier("eva"), "--course", told.iri, "--out", str(tmp_path / "eva.html")]
    assert run("person", endpoint, *alone).exit_code == 0
    page.goto((tmp_path / "eva.html").as_uri())
    expect(page.locator("dl")).to_contain_text("Eva Sand")
    expect(page.locator("dl")).to_contain_text("Ecology")
    page.close()


@pytest.mark.parametrize(("scheme", "width"), [("light", 360), ("dark", 900)])
def test_the_file_fits_a_phone_a_desk_and_paper(
    bundled: str, run: Run, tmp_path: Path, browser: Browser, scheme: Any, width: int
) -> None:
    told = lively(home_page="https://a-learning-platform-with-a-long-name.department.example.edu")
    told.reach("ada", "Lebensmittelunverträglichkeitsuntersuchungsbericht", days=25)
    post(bundled, told)
    file = tmp_path / "course.html"
    assert run("course", bundled, "--course", told.iri, "--out", str(file)).exit_code == 0
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.goto(file.as_uri())
    assert violations(page.main_frame) == []
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    # What is said of the numbers is printed too; the statements are not, for they are many.
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = false })")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 718, "height": 1047})  # A4, less its margins
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    network = page.locator("section[aria-labelledby=network]")
    expect(network.get_by_text("An alias is a person of its own.")).to_be_visible()
    expect(network.get_by_text("The newest statements behind each number")).to_be_hidden()
    assert page.evaluate("getComputedStyle(document.querySelector('h2')).color") == "rgb(36, 39, 46)"
    page.close()


def test_edges_and_pairs_agree_but_for_what_people_do_for_themselves_and_what_is_gone(
    bundled: str, run: Run
) -> None:
    """As the analysts' guide tells whoever compares the two."""
    told = lively()
    own, gone = told.open("ada", hours=40), told.open("ben", hours=40)
    odd = [
        told.answer("ada", own, hours=41),
        told.thank("ada", own, hours=42),
        told.answer("cleo", gone, hours=41),
    ]
    told.delete("ben", gone, hours=43)
    post(bundled, told)
    course = ["--course", told.iri, "--json"]
    edges = json.loads(run("network", bundled, *course).stdout)
    left = [edge for edge in edges if edge["statement"] not in {one["id"] for one in odd}]
    assert len(edges) - len(left) == len(odd)
    assert Counter((edge["from"], edge["to"]) for edge in left) == {
        (giving, taking): sum(acts)
        for giving, taking, *acts in rows_of(json.loads(run("course", bundled, *course).stdout), "network")
    }


def test_a_full_standard_output_is_named_and_who_reads_no_further_hears_nothing(bundled: str) -> None:
    told = lively()
    post(bundled, told)
    signs_in = ["--lrs", bundled, "--username", "key", "--password", "secret"]
    command = [sys.executable, "-m", "lti_tool", "report", "course", *signs_in, "--course", told.iri]
    with Path("/dev/full").open("wb") as full:
        wrong = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False
        )
    assert wrong.returncode == 1
    assert "Error: standard output cannot be written: No space left on device\n" in wrong.stderr

    ours, theirs = os.pipe()
    os.close(ours)
    closed = subprocess.run(
        command, stdout=theirs, stderr=subprocess.PIPE, text=True, timeout=60, check=False
    )
    os.close(theirs)
    assert (closed.returncode, closed.stderr.count("\n")) == (1, 1), closed.stderr
    assert "statements read" in closed.stderr


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
