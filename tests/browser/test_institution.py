"""The institution's report in the console: drawn, its numbers leading to statements, at the width of a phone too."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import select

from lti_tool.records.gathering import folder_of
from social_layer.people.models import Tenant
from tests.browser.house import House, open_house
from tests.browser.test_access import violations
from tests.browser.test_registration_walk import fits, operator, sign_in
from tests.factories import CourseFactory, made_in
from tests.xapi.gathering.writing import written
from tests.xapi.reports.told import Told
from xapi.stores import connect

__all__ = ["operator"]
COURSES = ("Ecology of running waters", "Statistics for those who work in the field", "Geology")


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """One of its own, for its institution has an LRS that was read back: three courses over three weeks."""
    with open_house() as opened:
        given = opened.given
        with given.database.write() as session:
            tenant = session.scalars(select(Tenant)).one()
            with made_in(session):
                ids = [CourseFactory(tenant_id=tenant.id, title=title).id for title in COURSES]
            lrs = connect(
                session,
                given.clock,
                given.sealer,
                tenant.id,
                name="records",
                endpoint="https://records.example.org/xAPI",
                username="key",
                password="secret",
            )
            folder = folder_of(given.settings, tenant.id, lrs.id)
        statements = []
        for number, id_ in enumerate(ids):
            told = Told(id_, opened.tool_url, opened.sandbox.profile.issuer)
            for week in range(3):
                for person in range(8 + number):
                    told.open(f"person-{number}-{person}", days=7 * week, hours=person)
            for person in range(8 + number):
                told.reach(f"person-{number}-{person}", "Exam", days=20)
            statements += told.statements
        written(folder, statements, as_of=given.clock() - timedelta(minutes=2))
        yield opened


@pytest.mark.parametrize(("scheme", "width"), [("light", 900), ("dark", 360)])
def test_an_institution_is_seen_over_time(
    browser: Browser, house: House, operator: str, scheme: str, width: int
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    heard: list[str] = []
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("console", lambda said: heard.append(said.text) if said.type == "error" else None)
    page.goto(f"{house.tool_url}/admin")
    # The browser says by itself that nobody was signed in.
    sign_in(page, house, operator)
    heard.clear()
    page.get_by_role("link", name="Reports", exact=True).click()
    expect(page.locator("[data-picture][data-drawn] canvas")).to_have_count(3)
    fits(page)
    assert violations(page.main_frame) == []

    weeks = page.get_by_role("region", name="Participation by week", exact=True)
    weeks.get_by_text("Table", exact=True).press("Enter")
    expect(weeks.get_by_role("row").nth(1)).to_contain_text("27")
    courses = page.get_by_role("region", name="Courses", exact=True)
    # A line for each, with room for all that its name needs.
    assert courses.locator(".canvas").evaluate("inside => inside.clientHeight") > 3 * 50
    courses.get_by_text("Table", exact=True).press("Enter")
    assert violations(page.main_frame) == []
    geology = courses.get_by_role("row").filter(has_text="Geology")
    geology.get_by_role("link", name="30", exact=True).press("Enter")
    expect(page.get_by_text("Geology · Contributions: 30")).to_be_visible()
    expect(page.locator("li.record")).to_have_count(30)
    fits(page)
    assert violations(page.main_frame) == []
    page.get_by_role("link", name="Back to the report").click()
    with page.expect_download() as download:
        weeks.get_by_role("link", name="Download (CSV)").click()
    assert download.value.path().read_text().splitlines()[1].startswith("2026-02-02,27,27,")
    context.close()
    assert heard == []
