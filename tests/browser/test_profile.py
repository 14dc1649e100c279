"""The xAPI profile's page, as an analyst finds it: from the category of a statement to the rule they look for."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.browser.house import House

_AXE = Axe()


@pytest.mark.parametrize(("scheme", "width"), [("light", 900), ("dark", 360)])
def test_the_profile_s_page_is_read_by_everybody(
    house: House, browser: Browser, scheme: str, width: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 720}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(f"{house.tool_url}/xapi/profile/v1.0")
    page.get_by_role("link", name="Reply posted").first.click()
    expect(page).to_have_url(f"{house.tool_url}/xapi/profile/v1.0#templates-reply-posted-1")
    reply = page.locator("#templates-reply-posted-1")
    reply.get_by_text("All rules").focus()
    page.keyboard.press("Enter")
    expect(reply.get_by_role("row").filter(has_text="$.context.registration")).to_be_visible()
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    found = _AXE.run(page).response["violations"]  # type: ignore[arg-type]
    assert [each["id"] for each in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert [error for error in errors if "favicon" not in error and "404" not in error] == []
    context.close()


def test_the_id_of_a_template_leads_to_its_explanation(house: House, browser: Browser) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{house.tool_url}/xapi/extensions/reaction")
    expect(page).to_have_url(f"{house.tool_url}/xapi/profile.html#extensions-reaction")
    expect(page.locator("#extensions-reaction")).to_be_in_viewport()
    context.close()
