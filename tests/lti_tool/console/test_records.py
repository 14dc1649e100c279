"""The console's pages about formal records: a table of identifiers looked at first, and activities of courses."""

import html
import json
import random
import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from lti_tool.console import records
from lti_tool.parts import Parts
from lti_tool.records.joining import courses_by_activity, known_as
from tests.lti_tool.console.desk import Desk, make_operator
from tests.lti_tool.lti.launching import Clock
from tests.xapi.world import HOME_PAGE, World, counted
from xapi.gathering.models import MappedActivity, PersonIdentifier

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def world(given: Parts) -> World:
    found = World(given.database, given.clock)
    for name in ("maya", "joel"):
        found.member(name)
    return found


def table(*lines: str, head: str = "identifier,account") -> bytes:
    return "\n".join((head, *lines, "")).encode()


def known(given: Parts, world: World) -> dict[str, str]:
    with given.database.read() as session:
        return known_as(session, world.tenant_id)


def figures(page: str) -> list[str]:
    """New, known, about nobody, wrong."""
    return re.findall(r"<dd>(\d+)</dd>", page)


def confirming(page: str) -> dict[str, str]:
    """What the form of a preview sends."""
    form = re.search(r"<form method=\"post\" enctype.*?</form>", page, re.DOTALL)
    assert form is not None, page
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form[0])
    return {name: html.unescape(value) for name, value in fields if name != "form_token"}


def test_a_table_is_looked_at_then_imported_then_taken_back(desk: Desk, given: Parts, world: World) -> None:
    home = f"/records/{world.tenant_id}"
    assert "Records are joined by the accounts of the LMS alone." in desk.get("/records").text
    preview = desk.upload(f"{home}/preview", table("Maya@Example.edu,maya-7", f"j@x.org,{HOME_PAGE}|joel-7"))
    assert preview.status_code == 200
    assert figures(preview.text) == ["2", "0", "0", "0"]
    assert f"{HOME_PAGE}|maya-7" in preview.text, "one sees who is meant"
    assert known(given, world) == {}, "a look writes nothing"
    done = desk.submit(f"{home}/imports", **confirming(preview.text))
    assert done.status_code == 303
    after = desk.get((done.location or "").removeprefix("/admin")).text
    assert "Imported: 2 new, 0 known already, 0 left out." in after
    assert "2 identifiers of 2 people" in " ".join(after.split())
    assert known(given, world) == {
        "mailto:maya@example.edu": f"{HOME_PAGE}|maya-7",
        "mailto:j@x.org": f"{HOME_PAGE}|joel-7",
    }
    again = desk.upload(f"{home}/preview", table("Maya@Example.edu,maya-7"))
    assert figures(again.text) == ["0", "1", "0", "0"]
    assert "2 identifiers" in desk.get(f"{home}/removal").text
    assert desk.submit(f"{home}/removal").status_code == 303
    assert known(given, world) == {}
    assert "Nothing is imported." in desk.get(f"{home}/removal").text


def test_lines_that_are_wrong_are_listed_with_their_number_and_stop_all(
    desk: Desk, given: Parts, world: World
) -> None:
    home = f"/records/{world.tenant_id}"
    lines = ("m@x.org,maya-7", "m@x.org,joel-7", f"{HOSTILE},maya-7", "=cmd|' /C calc'!A0,maya-7", ",,,")
    page = desk.upload(f"{home}/preview", table(*lines)).text
    assert figures(page) == ["1", "0", "0", "3"]
    assert re.findall(r'row">Line&nbsp;(\d+)</th>', page)[:3] == ["3", "4", "5"]
    assert "somebody else is known by it already" in page
    assert "no identifier" in page
    assert HOSTILE not in page
    assert "/imports" not in page, "there is nothing to say yes to"


def test_lines_about_people_who_have_not_come_can_be_left_out(desk: Desk, given: Parts, world: World) -> None:
    home = f"/records/{world.tenant_id}"
    page = desk.upload(f"{home}/preview", table("m@x.org,maya-7", "i@x.org,ines-7")).text
    assert figures(page) == ["1", "0", "1", "0"]
    assert "nobody here has this account" in page
    assert "Import the others" in page
    done = desk.submit(f"{home}/imports", **confirming(page))
    assert "left_out=1" in (done.location or "")
    assert known(given, world) == {"mailto:m@x.org": f"{HOME_PAGE}|maya-7"}


def test_what_changed_since_the_look_imports_nothing(desk: Desk, given: Parts, world: World) -> None:
    home = f"/records/{world.tenant_id}"
    first = confirming(desk.upload(f"{home}/preview", table("m@x.org,maya-7", "a@x.org,maya-7")).text)
    other = confirming(desk.upload(f"{home}/preview", table("m@x.org,joel-7")).text)
    assert desk.submit(f"{home}/imports", **other).status_code == 303
    refused = desk.submit(f"{home}/imports", **first)
    assert refused.status_code == 409
    assert "Something has changed since you looked at it." in refused.text
    assert known(given, world) == {"mailto:m@x.org": f"{HOME_PAGE}|joel-7"}
    assert "may_choose" not in first
    assert "without_unknown" not in first


def test_only_what_was_looked_at_lately_and_here_is_imported(
    desk: Desk, given: Parts, world: World, clock: Clock
) -> None:
    home = f"/records/{world.tenant_id}"
    elsewhere = World(given.database, given.clock, tenant="River College")
    elsewhere.member("maya")
    sealed = confirming(desk.upload(f"{home}/preview", table("m@x.org,maya-7")).text)["previewed"]
    other = f"/records/{elsewhere.tenant_id}"
    forged = given.sealer.seal(json.dumps({"for": "records import"}))
    for path, sent in (
        (other, sealed),
        (home, sealed[:-4]),
        (home, ""),
        (home, given.sealer.seal("[]")),
        (home, forged),
    ):
        answer = desk.submit(f"{path}/imports", previewed=sent)
        assert (answer.status_code, "preview_over" in answer.text) == (409, True)
    clock.now += timedelta(minutes=61)
    desk.sign_in()
    assert desk.submit(f"{home}/imports", previewed=sealed).status_code == 409
    with given.database.read() as session:
        assert session.scalar(select(func.count()).select_from(PersonIdentifier)) == 0


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"mail,account\na@x.org,maya-7\n", "missing: identifier"),
        (b"identifier,identifier,account\n", "names a column twice: identifier"),
        (b"identifier,account\n\xff\xfe,maya-7\n", "not in UTF-8"),
        ("identifier,account\nm@x.org,maya-7".encode("utf-16"), "not in UTF-8"),
        ("identifier,account\nm@x.org,maya-7".encode("utf-16-le"), "missing: identifier, account"),
        (b"PK\x03\x04" + bytes(range(128, 256)), "not in UTF-8"),
        (b"\n\n", "missing: identifier, account"),
        (b'identifier,account\n"' + b"x" * 200_000 + b"\n", "no CSV"),
    ],
)
def test_what_is_no_such_file_is_said_on_the_page(
    desk: Desk, world: World, content: bytes, said: str
) -> None:
    answer = desk.upload(f"/records/{world.tenant_id}/preview", content)
    assert answer.status_code == 422
    assert said in answer.text
    assert 'role="alert"' in answer.text


@pytest.mark.parametrize(
    ("content", "counts"),
    [
        ("\ufeffIdentifier;Account\r\nm@x.org;maya-7\r\n".encode(), ["1", "0", "0", "0"]),
        (b"account\tidentifier\tname\nmaya-7\tm@x.org\tMaya\n", ["1", "0", "0", "0"]),
        (table("m@x.org,maya-7", "M@X.org,maya-7", "", ",", " , "), ["1", "1", "0", "0"]),
        (table("m@x.org", "m\x00@x.org,maya-7", "m@x.org,maya\x00-7"), ["0", "0", "2", "1"]),
        (table(), ["0", "0", "0", "0"]),
    ],
)
def test_files_of_all_sorts_are_read(desk: Desk, world: World, content: bytes, counts: list[str]) -> None:
    answer = desk.upload(f"/records/{world.tenant_id}/preview", content)
    assert answer.status_code == 200
    assert figures(answer.text) == counts


def test_a_file_may_be_as_large_as_is_said_and_no_larger(desk: Desk, given: Parts, world: World) -> None:
    """Larger than anything else that may be sent, for the page gives it back sealed."""
    path = f"/records/{world.tenant_id}"
    noise = random.Random(1).randbytes(records.MOST_FILE_BYTES).hex()  # nothing that could be made smaller
    lines = [f"m{number}@x.org,maya-7,{noise[number * 1000 :][:1000]}" for number in range(975)]
    content = table(*lines, head="identifier,account,note")
    assert records.MOST_FILE_BYTES - 9000 < len(content) <= records.MOST_FILE_BYTES
    preview = desk.upload(f"{path}/preview", content)
    assert figures(preview.text)[0] == str(len(lines))
    padded = {**confirming(preview.text), "more": "x" * 1_500_000}
    assert desk.submit(f"{path}/imports", **padded).status_code == 303
    assert len(known(given, world)) == len(lines)
    too_large = desk.upload(f"{path}/preview", content + b" " * 9000)
    assert (too_large.status_code, "records_file_too_large" in too_large.text) == (413, True)
    whole_body = desk.upload(f"{path}/preview", b"x" * 16_100_000)
    assert (whole_body.status_code, "too_large" in whole_body.text) == (413, True)
    assert "Console" in whole_body.text
    nothing = desk.upload(f"{path}/preview", b"")
    assert (nothing.status_code, "file_missing" in nothing.text) == (422, True)
    assert desk.submit(f"{path}/preview").status_code == 422


def test_nobody_who_is_not_signed_in_sends_as_much(visitor: Desk, world: World) -> None:
    answer = visitor.send(f"/records/{world.tenant_id}/imports", previewed="x" * 2_000_000)
    assert answer.status_code == 401


def test_long_lists_are_paged_and_ask_no_more(
    desk: Desk, given: Parts, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lti_tool.console.queries.PAGE", 2)
    monkeypatch.setattr("lti_tool.console.record_queries.PAGE", 2)
    monkeypatch.setattr("lti_tool.console.records.SHOWN", 2)
    home = f"/records/{world.tenant_id}"
    wrong = desk.upload(f"{home}/preview", table(*(f"x{n},maya-7" for n in range(5)))).text
    assert "and 3 more" in wrong
    with counted(given.database.engine) as few:
        desk.get(home)
    lines = [f"m{n}@x.org,{'maya' if n % 2 else 'joel'}-7" for n in range(5)]
    page = desk.upload(f"{home}/preview", table(*lines)).text
    desk.submit(f"{home}/imports", **confirming(page))
    with counted(given.database.engine) as many:
        seen = _all_rows(desk, home)
    assert seen == [f"mailto:m{n}@x.org" for n in range(5)]
    assert len(many) <= 3 * len(few)
    for path in (home, f"{home}/activities"):
        assert desk.get(f"{path}?after=wrong").status_code == 400
        assert desk.get(f"{path}?done=imported&new=x&known=-1").status_code == 200
    for number in range(5):
        desk.submit(f"{home}/activities", activity=f"https://x.org/{number}", course="Ecology")
    assert _all_rows(desk, f"{home}/activities") == [f"https://x.org/{n}" for n in range(5)]


def _all_rows(desk: Desk, address: str) -> list[str]:
    seen: list[str] = []
    while address:
        page = desk.get(address).text
        seen += re.findall(r'<th scope="row"><code class="answer">([^<]+)</code>', page)
        more = re.search(r'class="onward"><a class="second" href="/admin([^"]+)', page)
        address = html.unescape(more[1]) if more else ""
    return seen


def test_an_activity_is_mapped_and_taken_back(desk: Desk, given: Parts, world: World) -> None:
    path = f"/records/{world.tenant_id}/activities"
    iri = "https://content.example.edu/biology"
    assert "Only what launches tell is known." in desk.get(path).text
    for course in ("Ecology", str(world.course_id)):  # the second word replaces the first
        assert desk.submit(path, activity=iri, course=course).status_code == 303
    listed = desk.get(f"{path}?done=mapped").text
    assert listed.count(f">{iri}<") == 1
    with given.database.read() as session:
        assert iri in courses_by_activity(session, world.tenant_id, "https://alongside.example.edu")
    for activity, course, said in (
        ("no iri", "Ecology", "That is no activity id."),
        (iri, HOSTILE, "No course here is called so."),
        ("https://x.org/" + "ü" * 1000, "Ecology", "That is no activity id."),
    ):
        refused = desk.submit(path, activity=activity, course=course)
        assert (refused.status_code, said in refused.text) == (422, True)
        assert HOSTILE not in refused.text
    assert desk.submit(path, activity="", course="").status_code == 422
    for _ in range(2):  # pressed twice
        assert desk.submit(f"{path}/removal", activity=iri).status_code == 303
    with given.database.read() as session:
        assert session.scalar(select(func.count()).select_from(MappedActivity)) == 0


def test_nobody_moves_another_institutions(app: Flask, desk: Desk, given: Parts, world: World) -> None:
    make_operator(given, "bo", tenant="River College")
    other = Desk(app)
    assert other.sign_in("bo").status_code == 303
    home = f"/records/{world.tenant_id}"
    previewed = confirming(desk.upload(f"{home}/preview", table("m@x.org,maya-7")).text)
    desk.submit(f"{home}/imports", **previewed)
    assert "m@x.org" not in other.get("/records").text
    for path in ("", "/removal", "/activities"):
        assert other.get(home + path).status_code == 404
    assert other.upload(f"{home}/preview", table("a@x.org,maya-7")).status_code == 404
    assert other.submit(f"{home}/imports", **previewed).status_code == 404
    assert other.submit(f"{home}/removal").status_code == 404
    assert other.submit(f"{home}/activities", activity="https://x.org", course="Ecology").status_code == 404
    assert other.submit(f"{home}/activities/removal", activity="https://x.org").status_code == 404
    assert desk.send(f"{home}/removal").status_code == 403, "without the form's token"
    assert len(known(given, world)) == 1
    assert "River College" in desk.get("/records").text, "who sees all can choose"
