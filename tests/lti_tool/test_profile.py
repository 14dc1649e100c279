"""The xAPI profile as it is served: to programs, to people, and under the ids of its terms."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from lti_tool.app import create_app
from lti_tool.config import read_settings
from lti_tool.parts import Parts
from social_layer.events.models import EventType
from tests.xapi.profile.structure import faults
from xapi.installation import activity_base
from xapi.profile.emitted import EMITTED

BASE = "https://first.example.edu"
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.fixture
def client(sqlite_tables_url: str, tmp_path: Path) -> Iterator[FlaskClient]:
    settings = read_settings({"DATABASE_URL": sqlite_tables_url, "ALONGSIDE_HOME": str(tmp_path)})
    given = Parts.of(settings)
    with given.database.write() as session:
        activity_base(session, BASE)
    yield create_app(given).test_client()
    given.database.close()


@pytest.mark.parametrize(
    ("accept", "served"),
    [
        (None, "application/ld+json"),
        ("*/*", "application/ld+json"),
        ("application/ld+json", "application/ld+json"),
        ("application/json", "application/json"),
        ("text/turtle", "application/ld+json"),
        (BROWSER["Accept"], "text/html"),
    ],
)
def test_each_gets_what_they_can_read(client: FlaskClient, accept: str | None, served: str) -> None:
    answer = client.get("/xapi/profile", headers={"Accept": accept} if accept else {})
    assert answer.status_code == 200
    assert answer.mimetype == served
    assert "Accept" in answer.headers["Vary"]


def test_the_document_is_a_profile_under_the_base_of_the_first_start(client: FlaskClient) -> None:
    profile = json.loads(client.get("/xapi/profile").text)
    assert faults(profile) == []
    assert profile["id"] == f"{BASE}/xapi/profile"
    assert json.loads(client.get("/xapi/profile.jsonld", headers=BROWSER).text) == profile


def test_the_version_that_statements_name_leads_to_the_profile(client: FlaskClient) -> None:
    version = json.loads(client.get("/xapi/profile").text)["versions"][0]["id"].removeprefix(BASE)
    assert client.get(version).json == client.get("/xapi/profile").json
    assert client.get("/xapi/profile/v0.9").status_code == 404


def test_the_page_explains_every_event(client: FlaskClient) -> None:
    page = client.get("/xapi/profile.html")
    assert page.mimetype == "text/html"
    for event in EventType:
        assert EMITTED[event].label in page.text
        assert EMITTED[event].verb.iri in page.text
    assert "statement templates" in page.text.lower()
    assert "Vorlagen" in client.get("/xapi/profile.html", headers={"Accept-Language": "de"}).text


def test_every_id_of_ours_leads_to_its_explanation(client: FlaskClient) -> None:
    profile = json.loads(client.get("/xapi/profile").text)
    page = client.get("/xapi/profile.html").text
    for part in (*profile["concepts"], *profile["templates"], *profile["patterns"]):
        path = part["id"].removeprefix(BASE)
        for_people = client.get(path, headers=BROWSER)
        assert for_people.status_code == 303
        address, _, anchor = for_people.location.partition("#")
        assert address == "/xapi/profile.html"
        assert f'id="{anchor}"' in page
        assert client.get(path).location == "/xapi/profile.jsonld"
    assert client.get("/xapi/templates/unknown/1").status_code == 404


def test_the_document_may_be_kept_and_read_from_other_pages(client: FlaskClient) -> None:
    first = client.get("/xapi/profile")
    assert first.headers["Access-Control-Allow-Origin"] == "*"
    assert "public" in first.headers["Cache-Control"]
    again = client.get("/xapi/profile", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
