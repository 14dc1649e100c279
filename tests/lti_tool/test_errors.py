"""What is logged when something breaks: enough to mend it, and nothing of anybody."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import structlog
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from lti_tool import errors
from lti_tool.app import create_app
from lti_tool.config import read_settings
from lti_tool.logs import configure_logs
from lti_tool.parts import Parts
from social_layer.clock import system_clock
from social_layer.people.actions import Newcomer, arrive, find_or_make_tenant, make_course
from social_layer.people.models import Account, Role

WHO = "sub-of-ada-lovelace"


@pytest.fixture
def broken(tables_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A tool whose pages break in the ways of a database, and what it logs meanwhile."""
    given = Parts.of(read_settings({"DATABASE_URL": tables_url, "ALONGSIDE_HOME": str(tmp_path)}))
    log = StringIO()
    configure_logs(given.settings, stream=log)
    # The process's own logger stays with the stream of its first line.
    monkeypatch.setattr(errors, "log", structlog.get_logger())
    # The endpoints' names below are those of addresses that anybody may ask for.
    app = create_app(given)
    with given.database.write() as session:
        tenant = find_or_make_tenant(session, system_clock).id
        course = make_course(session, system_clock, tenant, home_page="https://lms.example", title="C").id
        arrive(session, system_clock, Newcomer(tenant, course, "https://lms.example", WHO, Role.learner))

    def twice(session: Session) -> None:
        kept = session.scalars(select(Account).where(Account.name == WHO)).one()
        columns = [column.name for column in Account.__table__.columns]
        values = {name: getattr(kept, name) for name in columns} | {"id": tenant}
        session.execute(Account.__table__.insert(), [values])

    @app.get("/twice", endpoint="health.twice")
    def same_account_twice() -> str:
        with given.database.write() as session:
            twice(session)
        return ""

    @app.get("/no-title", endpoint="health.no-title")
    def a_course_without_its_title() -> str:
        with given.database.write() as session:
            make_course(session, system_clock, tenant, home_page=WHO, title=None)  # type: ignore[arg-type]
        return ""

    @app.get("/while-mending", endpoint="health.while-mending")
    def another_error_on_top() -> str:
        try:
            same_account_twice()
        except Exception:
            raise RuntimeError("mending failed too")  # noqa: B904 - as a careless line would
        return ""

    @app.get("/no-number", endpoint="health.no-number")
    def not_a_number() -> str:
        with given.database.write() as session:
            session.execute(text("SELECT CAST(:who AS integer) / 0").bindparams(who=WHO)).scalar()
        raise RuntimeError("SQLite makes a number of anything")

    yield app, log
    configure_logs(given.settings)  # what this process does next is not for that buffer
    structlog.reset_defaults()
    given.database.close()


def lines(log: StringIO) -> list[dict[str, Any]]:
    return [line for line in map(json.loads, log.getvalue().splitlines()) if line["event"] == "unexpected"]


@pytest.mark.parametrize("address", ["/twice", "/while-mending"])
def test_what_the_database_would_not_take_is_not_logged(broken: tuple[Flask, StringIO], address: str) -> None:
    app, log = broken
    answer = app.test_client().get(address)
    assert answer.status_code == 500
    assert WHO not in log.getvalue()
    (line,) = lines(log)
    assert line["trace_id"] == answer.headers["X-Trace-Id"]
    assert "account" in (line["constraint"] or line["said"])
    assert line["error"] in ("IntegrityError", "RuntimeError")


def test_it_is_logged_where_it_broke(broken: tuple[Flask, StringIO]) -> None:
    app, log = broken
    assert app.test_client().get("/no-title").status_code == 500
    assert WHO not in log.getvalue()
    (line,) = lines(log)
    assert "title" in line["said"]
    assert any(place.startswith("social_layer.people.actions:") for place in line["where"])


def test_a_value_in_the_databases_own_sentence_is_not_logged(broken: tuple[Flask, StringIO]) -> None:
    app, log = broken
    assert app.test_client().get("/no-number").status_code == 500
    assert WHO not in log.getvalue()
    assert len(lines(log)) == 1


def test_any_other_error_is_logged_with_its_way(broken: tuple[Flask, StringIO]) -> None:
    app, log = broken

    @app.get("/other", endpoint="health.other")
    def other() -> str:
        raise ValueError("seven is no colour")

    assert app.test_client().get("/other").status_code == 500
    (line,) = lines(log)
    assert "seven is no colour" in line["exception"]
    assert "Traceback" in line["exception"]
