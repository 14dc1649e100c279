"""An operator changes what leaves from one course, in the console: found, looked at, told what it means, changed."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, expect

from lti_tool.console.operators import add_operator
from tests.browser.house import House
from tests.browser.test_access import violations
from tests.browser.test_registration_walk import PASSWORD, fits, sign_in
from tests.browser.visitor import Visitor

VISIT = Callable[..., Visitor]


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (900, "dark")])
def test_an_operator_changes_what_leaves(
    browser: Browser, house: House, visit: VISIT, width: int, scheme: str
) -> None:
    # Others choose for themselves what is sent of them, in other tests: they are no example.
    lucas = visit("lucas")
    lucas.start_thread("Herons at dusk")
    title = lucas.frame.evaluate("JSON.parse(document.getElementById('config').textContent).panel_id")
    operator = f"scopes-{width}"
    with house.given.database.write() as session:
        add_operator(session, house.given.clock, operator, PASSWORD)
    page = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme).new_page()  # type: ignore[arg-type]
    sign_in(page, house, operator)
    page.get_by_role("link", name="What leaves", exact=True).click()
    expect(page.get_by_role("heading", name="What leaves for the LRSs")).to_be_visible()
    fits(page)
    assert violations(page) == []

    page.goto(f"{house.tool_url}/admin/scopes?find=")
    tenant = page.locator(".lines a").first.get_attribute("href") or ""
    page.goto(house.tool_url + tenant.split("?")[0] + f"?level=panel&target={title}")
    expect(page.get_by_text("What leaves now:")).to_be_visible()
    page.locator("summary").filter(has_text="With names").click()
    expect(page.locator("details[open] pre")).to_contain_text('"name": "Lucas')
    fits(page)
    assert violations(page) == []
    page.get_by_label("Under pseudonyms").check()
    page.get_by_label("With the words that people write").check()
    page.get_by_role("button", name="See what it means…").click()
    expect(page.get_by_role("heading", name="Change what leaves?")).to_be_visible()
    fits(page)
    assert violations(page) == []
    page.get_by_role("button", name="Change it").click()
    expect(page.get_by_role("status")).to_have_text("Saved. It holds from now on.")
    expect(page.get_by_text(f"operator {operator}")).to_be_visible()
    page.context.close()
