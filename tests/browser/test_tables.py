"""An operator imports by what else people are known, in the console: chosen, looked at, imported, taken back."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import select

from lti_tool.console.operators import add_operator
from social_layer.people.models import Account, Person
from tests.browser.house import House
from tests.browser.test_access import violations
from tests.browser.test_registration_walk import PASSWORD, fits, sign_in
from tests.browser.visitor import Visitor

VISIT = Callable[..., Visitor]


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (900, "dark")])
def test_an_operator_imports_a_table_after_looking_at_it(
    browser: Browser, house: House, visit: VISIT, tmp_path: Path, width: int, scheme: str
) -> None:
    visit("lucas")
    with house.given.database.read() as session:
        query = select(Account).join(Person, Person.id == Account.person_id).where(Person.name.like("Lucas%"))
        lucas = session.scalars(query.limit(1)).one()
    operator = f"tables-{width}"
    with house.given.database.write() as session:
        add_operator(session, house.given.clock, operator, PASSWORD)
    page = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme).new_page()  # type: ignore[arg-type]
    sign_in(page, house, operator)
    page.get_by_role("link", name="Records", exact=True).press("Enter")
    expect(page.get_by_role("heading", name="Whose records they are")).to_be_visible()
    fits(page)
    assert violations(page) == []

    large = tmp_path / "large.csv"
    large.write_text("x" * 1_000_001)
    page.get_by_label("CSV file").set_input_files(large)
    assert page.get_by_label("CSV file").evaluate("field => field.validationMessage").startswith("This file")

    table = tmp_path / "people.csv"
    lines = ("identifier;account", f"Lucas@Example.edu;{lucas.home_page}|{lucas.name}", "lucas;nobody")
    table.write_text("\n".join(lines))
    page.get_by_label("CSV file").set_input_files(table)
    page.get_by_role("button", name="Preview").press("Enter")
    expect(page.get_by_role("heading", name="This table cannot be imported yet")).to_be_visible()
    expect(page.get_by_role("row", name="Line 3")).to_contain_text("no identifier")
    fits(page)
    assert violations(page) == []

    page.get_by_role("link", name="Choose the file again").press("Enter")
    table.write_text("\n".join((*lines[:2], "ines@example.edu;nobody")))
    page.get_by_label("CSV file").set_input_files(table)
    page.get_by_role("button", name="Preview").press("Enter")
    expect(page.get_by_role("row", name="Line 2")).to_contain_text("Lucas")
    fits(page)
    assert violations(page) == []
    page.get_by_role("button", name="Import the others").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Imported: 1 new, 0 known already, 1 left out.")
    expect(page.get_by_role("row", name="mailto:lucas@example.edu")).to_contain_text(lucas.name)
    fits(page)
    assert violations(page) == []

    page.get_by_role("link", name="Which course they belong to").press("Enter")
    page.get_by_label("Activity id").fill("https://content.example.edu/rivers")
    page.get_by_label("Course: its title, label or id").fill("A course that is not there")
    page.get_by_role("button", name="Say that it belongs there").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("No course here is called so.")
    fits(page)
    assert violations(page) == []

    page.get_by_role("link", name="Whose records they are").press("Enter")
    page.get_by_role("link", name="Take the table back…").press("Enter")
    expect(page.get_by_role("heading", name="Take the table back?")).to_be_visible()
    fits(page)
    assert violations(page) == []
    page.get_by_role("button", name="Take it back").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("The table is taken back.")
    page.context.close()
