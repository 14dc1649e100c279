"""An administrator connects an LMS by one pasted address: from the console's invite to the first panel."""

import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from lti_tool.console.operators import add_operator
from lti_tool.sandbox import Running, SandboxConfig
from lti_tool.sandbox import start as start_sandbox
from tests.browser.house import House, Place
from tests.browser.visitor import Visitor
from tests.services.ports import free_port

PASSWORD = "four words are plenty"


@pytest.fixture(params=["moodle", "canvas"])
def lms(request: pytest.FixtureRequest, house: House) -> Iterator[Running]:
    """A second LMS, on another site than the tool, which knows nothing of it yet but its own sandbox course."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    config = SandboxConfig(
        public_url=address,
        issuer=address,
        tool_login_url="http://127.0.0.1:1/login",
        tool_launch_urls=("http://127.0.0.1:1/launch",),
        tool_jwks_url="http://127.0.0.1:1/jwks",
        profile=request.param,
    )
    with start_sandbox(config, port=port) as running:
        yield running


@pytest.fixture
def operator(house: House, request: pytest.FixtureRequest) -> str:
    name = re.sub(r"\W", "-", request.node.name)[:60].lower()
    with house.given.database.write() as session:
        add_operator(session, house.given.clock, name, PASSWORD)
    return name


def sign_in(page: Page, house: House, operator: str) -> None:
    page.goto(f"{house.tool_url}/admin")
    page.get_by_label("Name").fill(operator)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="What needs attention")).to_be_visible()


def fits(page: Page) -> None:
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, page.url


@pytest.mark.parametrize("width", [360, 900])
def test_from_the_invite_to_the_first_panel(
    browser: Browser, house: House, lms: Running, operator: str, width: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800})
    console = context.new_page()
    sign_in(console, house, operator)
    fits(console)
    console.get_by_role("link", name="Invites", exact=True).click()
    console.get_by_label("What to call the LMS").fill(f"Fernhill {operator}")
    console.get_by_role("button", name="Make an invite").click()
    address = console.locator("#copied-value").inner_text()
    fits(console)

    # In the LMS, where the console's cookie does not go.
    page = browser.new_context(viewport={"width": width, "height": 800}).new_page()
    page.goto(f"{lms.url}/as/ruth/tools")
    page.get_by_label("Registration address of the tool").fill(address)
    page.get_by_role("button", name="Register a tool").click()
    frame = page.frame_locator("[name=registration]")
    expect(frame.get_by_role("heading", name="Connect Alongside to this LMS")).to_be_visible()
    expect(frame.get_by_text("will be asked to")).to_be_visible()
    frame.get_by_role("button", name="Connect").click()
    expect(frame.get_by_role("heading", name="knows Fernhill")).to_be_visible()
    product = "Moodle" if lms.sandbox.config.profile == "moodle" else "Canvas"
    expect(frame.get_by_role("heading", name=f"What is left to do in {product}")).to_be_visible()
    assert frame.get_by_role("listitem").count() >= 3
    frame.get_by_role("button", name="Done").click()
    expect(page.get_by_text("Waiting to be activated")).to_be_visible()
    page.get_by_role("button", name="Activate").click()

    # A panel in a course of it opens for a learner, in a frame of another site.
    (tool,) = [one for one in lms.sandbox.tools.values() if one is not lms.sandbox.registration]
    lms.sandbox.desk.activate(tool.client_id, in_chooser=True)
    lms.sandbox.add_course("rivers", "River Studies", label="RIV1", members={"maya": "learner"})
    lms.sandbox.add_link("rivers-link", "rivers", "Evenings on the river", client_id=tool.client_id)
    there = replace(house, lms_url=lms.url, sandbox=lms.sandbox)
    visitor = Visitor(browser.new_context(), Place(there, "rivers", "rivers-link"), "maya")
    visitor.open()
    assert visitor.errors == []

    # And the console knows all of it.
    console.get_by_role("link", name="Launches", exact=True).click()
    row = console.locator(".launches li").filter(has_text=f"Fernhill {operator}").first
    expect(row).to_contain_text("opened")
    fits(console)
    console.get_by_role("link", name="Invites", exact=True).click()
    expect(console.locator("tbody tr").first).to_contain_text("used")
    fits(console)
    console.locator("tbody tr").first.get_by_role("link", name=f"Fernhill {operator}").click()
    expect(console.get_by_text(tool.client_id)).to_be_visible()
    fits(console)
    console.get_by_role("link", name="Remove this LMS…").click()
    console.get_by_role("link", name="Keep it").click()
    console.get_by_role("button", name="Sign out").click()
    expect(console.get_by_label("Password")).to_be_visible()
    console.go_back()
    expect(console.get_by_label("Password")).to_be_visible()
    for one in (context, page.context, visitor.context):
        one.close()


def test_the_number_that_a_person_reads_out_is_found(browser: Browser, house: House, operator: str) -> None:
    """The refusal's page, the number on it, and the console's answer; by the keyboard alone."""
    refused = browser.new_page()
    refused.goto(
        f"{house.tool_url}/lti/login?iss=https://other.example.edu&login_hint=1"
        f"&target_link_uri={house.tool_url}/lti/launch"
    )
    number = re.search(r"number ([0-9a-f]{16})", refused.locator(".trace").inner_text())
    assert number is not None

    page = browser.new_page()
    page.goto(f"{house.tool_url}/admin")
    expect(page.get_by_label("Name")).to_be_focused()
    page.keyboard.type(operator)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    find = page.get_by_label("The number on the person's page")
    find.focus()
    page.keyboard.type(number[1])
    page.keyboard.press("Enter")
    expect(page.locator(".launches li")).to_have_count(1)
    expect(page.locator(".launches")).to_contain_text("platform_unknown")
    expect(page.locator(".launches")).to_contain_text("https://other.example.edu")
    assert urlsplit(page.url).path == "/admin/launches"
    refused.close()
    page.close()
