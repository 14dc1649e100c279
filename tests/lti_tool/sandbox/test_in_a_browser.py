"""The sandbox in Chromium: launches through the frame, storage by postMessage, the live record, its looks."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import jwt
import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from flask import request
from markupsafe import escape
from playwright.sync_api import Browser, Frame, Page, expect

from lti_tool.sandbox import Running, SandboxConfig, start
from tests.lti_tool.sandbox import stand_in
from tests.lti_tool.sandbox.stand_in import Site
from tests.lti_tool.sandbox.test_dynamic_registration import asked
from tests.lti_tool.sandbox.test_statements import statement

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
LESSON = "/as/maya/courses/ecology/food-webs"
LOOKS = [(360, "light"), (360, "dark"), (900, "dark"), (1400, "light")]


@pytest.fixture
def tool() -> Iterator[Site]:
    # Another host name than the sandbox's: another site, as in life.
    with stand_in.site("localhost") as made:
        yield made


@pytest.fixture
def running(tool: Site) -> Iterator[Callable[..., Running]]:
    with ExitStack() as stack:

        def run(**changes: Any) -> Running:
            config = SandboxConfig(
                public_url="http://127.0.0.1",
                tool_login_url=f"{tool.address}/lti/login",
                tool_launch_urls=(f"{tool.address}/lti/launch",),
                tool_jwks_url=f"{tool.address}/lti/jwks.json",
                **changes,
            )
            made = stack.enter_context(start(config))
            stand_in.play_the_tool(tool, lambda: f"{made.url}/auth")
            return made

        yield run


def tool_frame(page: Page) -> Frame:
    expect(page.frame_locator(".panel iframe").get_by_role("heading", name="Tool")).to_be_visible()
    frame = page.frame(name="activity-food-web")
    assert frame is not None
    return frame


def sent_to(frame: Frame) -> dict[str, Any]:
    token = frame.locator("#id_token").inner_text()
    return {
        "header": jwt.get_unverified_header(token),
        "claims": jwt.decode(token, options={"verify_signature": False}),
    }


ASK = """([message, where, origin]) => new Promise((resolve) => {
  const heard = (event) => {
    if (event.data?.message_id !== message.message_id) return;
    window.removeEventListener("message", heard);
    resolve({ ...event.data, from: event.origin });
  };
  window.addEventListener("message", heard);
  const target = where === "_parent" ? window.parent : window.parent.frames[where];
  target.postMessage(message, origin);
  setTimeout(() => resolve(null), 1500);
})"""


def ask(frame: Frame, where: str, origin: str, **message: Any) -> Any:
    return frame.evaluate(ASK, [{"message_id": "m1", **message}, where, origin])


def test_a_panel_opens_in_its_frame_with_the_person_of_the_tab(
    page: Page, running: Callable[..., Running]
) -> None:
    sandbox = running()
    page.goto(sandbox.url + LESSON)
    claims = sent_to(tool_frame(page))["claims"]
    assert claims["sub"] == sandbox.sandbox.world.person("maya").sub
    assert claims["nonce"] == "a-nonce"
    page.get_by_text("Maya", exact=True).click()
    page.get_by_role("link", name="Amara Okafor Instructor").click()
    page.wait_for_url("**/as/amara/courses/ecology/food-webs")
    assert sent_to(tool_frame(page))["claims"]["sub"] == sandbox.sandbox.world.person("amara").sub


def test_a_panel_opens_in_a_window_of_its_own(page: Page, running: Callable[..., Running]) -> None:
    page.goto(running().url + LESSON)
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Open in a new window").click()
    window = opened.value
    expect(window.get_by_role("heading", name="Tool")).to_be_visible()
    presentation = sent_to(window.main_frame)["claims"][
        "https://purl.imsglobal.org/spec/lti/claim/launch_presentation"
    ]
    assert presentation["document_target"] == "window"


def test_the_drawer_alters_the_next_launch_and_lets_one_return(
    page: Page, running: Callable[..., Running]
) -> None:
    page.goto(running().url + LESSON)
    page.get_by_text("Developer drawer").click()
    page.get_by_label("The launch").select_option("no_kid")
    page.get_by_label("Withhold the name").check()
    page.get_by_role("button", name="Launch like this").click()
    expect(page.get_by_text("Altered launch: No kid")).to_be_visible()
    sent = sent_to(tool_frame(page))
    assert "kid" not in sent["header"]
    assert "name" not in sent["claims"]
    page.get_by_role("link", name="Back to an ordinary launch").click()
    page.wait_for_url(f"**{LESSON}")
    assert "kid" in sent_to(tool_frame(page))["header"]


@pytest.mark.parametrize("target", ["post_message_forwarding", "_parent"])
def test_canvas_keeps_data_for_the_tool(page: Page, running: Callable[..., Running], target: str) -> None:
    sandbox = running(profile="canvas", storage_target=target)
    page.goto(sandbox.url + LESSON)
    frame = tool_frame(page)
    assert frame.locator("#lti_storage_target").inner_text() == target

    told = ask(frame, "_parent", "*", subject="lti.capabilities")
    assert told["subject"] == "lti.capabilities.response"
    assert told["from"] == sandbox.url
    supported = {each["subject"]: each.get("frame") for each in told["supported_messages"]}
    named = None if target == "_parent" else target
    assert supported["lti.put_data"] == supported["lti.get_data"] == named

    put = ask(frame, target, sandbox.url, subject="lti.put_data", key="state-1", value="nonce-1")
    assert (put["subject"], put["key"], put["value"]) == ("lti.put_data.response", "state-1", "nonce-1")
    assert "error" not in put
    got = ask(frame, target, sandbox.url, subject="lti.get_data", key="state-1")
    assert (got["subject"], got["value"], got["from"]) == (
        "lti.get_data.response",
        "nonce-1",
        sandbox.url,
    )
    assert ask(frame, target, sandbox.url, subject="lti.get_data", key="other")["value"] is None
    ask(frame, target, sandbox.url, subject="lti.put_data", key="state-1", value=None)
    assert ask(frame, target, sandbox.url, subject="lti.get_data", key="state-1")["value"] is None


def test_canvas_refuses_storage_messages_that_are_wrong(page: Page, running: Callable[..., Running]) -> None:
    sandbox = running(profile="canvas")
    page.goto(sandbox.url + LESSON)
    frame, storage = tool_frame(page), "post_message_forwarding"

    def code(where: str, **message: Any) -> str:
        refusal: str = ask(frame, where, sandbox.url, **message)["error"]["code"]
        return refusal

    assert code(storage, subject="lti.put_data", value="x") == "bad_request"
    assert code(storage, subject="lti.put_data", key="k", value=7) == "bad_request"
    assert code(storage, subject="lti.put_data", key="k", value="x" * 5000) == "storage_exhaustion"
    assert code(storage, subject="lti.no_such_thing") == "unsupported_subject"
    # The parent names another frame for storage and does not answer for it.
    assert code("_parent", subject="lti.put_data", key="k", value="v") == "unsupported_subject"


def test_canvas_keeps_nothing_for_a_stranger_and_hides_what_the_tool_put(
    page: Page, running: Callable[..., Running]
) -> None:
    sandbox = running(profile="canvas", storage_target="_parent")
    with stand_in.site("localhost") as stranger:
        stranger.answers["page"] = lambda: "<!doctype html><title>Stranger</title><h1>Stranger</h1>"
        page.goto(sandbox.url + LESSON)
        ask(tool_frame(page), "_parent", sandbox.url, subject="lti.put_data", key="k", value="v")
        page.evaluate(
            """(address) => {
              const frame = document.createElement("iframe");
              frame.name = "stranger"; frame.src = address; document.body.append(frame);
            }""",
            f"{stranger.address}/page",
        )
        expect(page.frame_locator("[name=stranger]").get_by_role("heading")).to_be_visible()
        frame = page.frame(name="stranger")
        assert frame is not None
        answer = ask(frame, "_parent", sandbox.url, subject="lti.get_data", key="k")
        assert answer["error"]["code"] == "wrong_origin"
        assert "value" not in answer
        resized = ask(frame, "_parent", sandbox.url, subject="lti.frameResize", height=5000)
        assert resized["error"]["code"] == "wrong_origin"


def test_canvas_gives_the_frame_the_height_it_asks_for(page: Page, running: Callable[..., Running]) -> None:
    sandbox = running(profile="canvas")
    page.goto(sandbox.url + LESSON)
    assert ask(tool_frame(page), "_parent", "*", subject="lti.frameResize", height=1234)["height"] == 1234
    box = page.locator(".panel iframe").bounding_box()
    assert box is not None
    assert box["height"] == 1234


def answering(key: RSAPrivateKey, *titles: str) -> Callable[[], str]:
    """A tool's deep linking page that sends its answer at once."""

    def page() -> str:
        claims = jwt.decode(request.form["id_token"], options={"verify_signature": False})
        now, dl = int(time.time()), "https://purl.imsglobal.org/spec/lti-dl/claim/"
        settings = claims[f"{dl}deep_linking_settings"]
        answer = {
            "iss": claims["aud"],
            "aud": claims["iss"],
            "iat": now,
            "exp": now + 60,
            "nonce": claims["nonce"],
            f"{CLAIM}deployment_id": claims[f"{CLAIM}deployment_id"],
            f"{CLAIM}message_type": "LtiDeepLinkingResponse",
            f"{CLAIM}version": "1.3.0",
            f"{dl}content_items": [{"type": "ltiResourceLink", "title": title} for title in titles],
        }
        if "data" in settings:
            answer[f"{dl}data"] = settings["data"]
        token = jwt.encode(answer, key, "RS256", {"kid": "tool-key"})
        back = escape(settings["deep_link_return_url"])
        return (
            f"<!doctype html><title>Choose</title><form method=post action='{back}'>"
            f"<input type=hidden name=JWT value='{token}'><button>Add these</button></form>"
        )

    return page


@pytest.mark.parametrize("profile", ["moodle", "canvas"])
def test_an_instructor_adds_activities_from_the_tools_page(
    page: Page,
    running: Callable[..., Running],
    tool: Site,
    tool_keys: str,
    tool_key: RSAPrivateKey,
    profile: str,
) -> None:
    sandbox = running(profile=profile)
    sandbox.sandbox.registration.jwks_url = tool_keys
    tool.answers["lti/launch"] = answering(tool_key, "Week <1>", "Week 2")
    page.goto(f"{sandbox.url}/as/amara/courses/ecology/food-webs")
    page.get_by_role("link", name="Add an activity").click()
    page.get_by_role("link", name="Choose from Alongside").click()
    inside = page.frame_locator("[name=deep-linking]")
    inside.get_by_role("button", name="Add these").click()
    expect(inside.get_by_role("heading", name="Added to Introduction to Ecology")).to_be_visible()
    inside.get_by_role("listitem").filter(has_text="Week 2").get_by_role("link", name="Open").click()
    stand_in.play_the_tool(tool, lambda: f"{sandbox.url}/auth")
    page.wait_for_url("**/courses/ecology/links/placed-*")
    assert [link.title for link in sandbox.sandbox.world.links.values() if link.deep_linked] == [
        "Week <1>",
        "Week 2",
    ]
    expect(page.get_by_role("navigation", name="Course outline").get_by_text("Week <1>")).to_be_visible()


def test_an_administrator_registers_a_tool_by_one_pasted_address(
    page: Page, running: Callable[..., Running], tool: Site
) -> None:
    sandbox = running()

    def register() -> str:
        """What a tool does, but in the browser: read, send, say that it is done."""
        body = asked(
            {"domain": tool.address.removeprefix("http://"), "target_link_uri": f"{tool.address}/lti/launch"},
            client_name="Neighbourly",
            initiate_login_uri=f"{tool.address}/lti/login",
            redirect_uris=[f"{tool.address}/lti/launch"],
        )
        answer = requests.post(
            requests.get(request.args["openid_configuration"], timeout=10).json()["registration_endpoint"],
            json=body,
            headers={"Authorization": f"Bearer {request.args['registration_token']}"},
            timeout=10,
        )
        assert answer.status_code == 200, answer.text
        return (
            '<!doctype html><title>Done</title><button onclick="(window.opener || window.parent).postMessage('
            "{subject: 'org.imsglobal.lti.close'}, '*')\">Close</button>"
        )

    tool.answers["lti/register"] = register
    page.goto(f"{sandbox.url}/as/ruth/")
    page.get_by_role("link", name="Tools").click()
    page.get_by_label("Registration address of the tool").fill(f"{tool.address}/lti/register?invite=1")
    page.get_by_role("button", name="Register a tool").click()
    page.frame_locator("[name=registration]").get_by_role("button", name="Close").click()
    page.wait_for_url("**/as/ruth/tools")
    entry = page.get_by_role("listitem").filter(has_text="Neighbourly")
    expect(entry).to_contain_text("Waiting to be activated")
    entry.get_by_role("button", name="Activate").click()
    expect(entry).to_contain_text("not yet in the activity chooser")
    entry.get_by_role("button", name="Show in the activity chooser").click()
    client_id = next(each.client_id for each in sandbox.sandbox.tools.values() if each.name == "Neighbourly")
    sandbox.sandbox.add_link("theirs", "ecology", "Theirs", client_id=client_id, deep_linked=True)
    page.goto(f"{sandbox.url}/as/maya/courses/ecology/links/theirs")
    frame = page.frame_locator("[name=activity-theirs]")
    expect(frame.get_by_role("heading", name="Tool")).to_be_visible()
    claims = jwt.decode(frame.locator("#id_token").inner_text(), options={"verify_signature": False})
    assert claims["aud"] == client_id


def test_moodle_ignores_all_of_these_messages(page: Page, running: Callable[..., Running]) -> None:
    page.goto(running().url + LESSON)
    frame = tool_frame(page)
    before = page.locator(".panel iframe").bounding_box()
    assert ask(frame, "_parent", "*", subject="lti.capabilities") is None
    assert ask(frame, "_parent", "*", subject="lti.frameResize", height=1234) is None
    assert page.locator(".panel iframe").bounding_box() == before


def test_statements_arrive_beside_the_course(page: Page, running: Callable[..., Running], site: Site) -> None:
    held: list[dict[str, Any]] = []
    site.answers["xAPI/statements"] = lambda: {"statements": held}
    sandbox = running(lrs_endpoint=f"{site.address}/xAPI")
    maya = sandbox.sandbox.world.person("maya")
    page.set_viewport_size({"width": 1400, "height": 900})
    page.goto(sandbox.url + LESSON)
    record = page.get_by_role("complementary", name="Live record")
    expect(record.get_by_text("Nothing yet.")).to_be_visible()

    actor = {"account": {"homePage": sandbox.url, "name": maya.sub}}
    held.insert(0, first := statement(actor=actor))
    lines = record.get_by_role("listitem")
    expect(lines).to_have_count(1, timeout=8000)
    expect(lines.first).to_contain_text("Maya Chen replied to · A food web near you")
    lines.first.get_by_text("Statement").click()
    assert json.loads(lines.first.locator("pre").inner_text()) == first

    # Views are folded into one line, with the day where that is not today.
    viewed = {"id": "http://id.tincanapi.com/verb/viewed", "display": {"en": "viewed"}}
    ada = {"name": "Ada", "mbox": "mailto:a@x.example"}
    then = "2025-11-02T18:00:00.000Z"
    held[:0] = [statement(actor=each, verb=viewed, timestamp=then) for each in (actor, ada)]
    expect(lines).to_have_count(2, timeout=8000)
    expect(lines.first).to_contain_text("Maya Chen, Ada opened A food web near you")
    expect(lines.first.locator("time").first).to_contain_text("Nov")
    lines.first.get_by_text("2 views").click()
    expect(lines).to_have_count(4)
    lines.first.get_by_text("2 views").click()
    # What was unfolded stays so.
    expect(lines.nth(1).locator("pre")).to_be_visible()

    site.answers["xAPI/statements"] = lambda: ("no", 500)
    expect(record.get_by_role("status")).to_contain_text("no list of statements", timeout=8000)
    expect(lines).to_have_count(2)


def test_an_lrs_that_is_down_is_no_drama(
    page: Page, running: Callable[..., Running], free_port: Callable[[], int]
) -> None:
    sandbox = running(lrs_endpoint=f"http://127.0.0.1:{free_port()}/xAPI")
    page.goto(f"{sandbox.url}/statements?as=maya")
    expect(page.get_by_role("status")).to_contain_text("does not answer. Posting still works")


def test_the_record_opens_and_closes_by_keyboard_on_a_narrow_page(
    page: Page, running: Callable[..., Running]
) -> None:
    page.set_viewport_size({"width": 900, "height": 800})
    page.goto(running().url + LESSON)
    record = page.locator("#record")
    expect(record).to_be_hidden()
    opener = page.get_by_role("button", name="Live record")
    opener.press("Enter")
    expect(record).to_be_visible()
    record.get_by_role("link", name="Full page").focus()
    page.keyboard.press("Escape")
    expect(record).to_be_hidden()
    expect(opener).to_be_focused()


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_every_page_fits_and_is_accessible(
    browser: Browser, running: Callable[..., Running], width: int, scheme: Any
) -> None:
    sandbox = running(profile="canvas")
    item = sandbox.sandbox.gradebook.add(
        "ecology", sandbox.sandbox.registration.client_id, "Week 1", 10, link="food-web"
    )
    sandbox.sandbox.set_grade(
        item, "maya", 7.5, "A comment that is long enough to need a second line of its own"
    )
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    for path in (
        "/",
        "/as/maya/",
        f"{LESSON}?variation=no_kid",
        "/as/amara/courses/statistics/totals",
        "/as/amara/courses/statistics/rare-things",
        "/as/maya/courses/ecology/links/ecology-commons",
        "/statements?as=maya",
        "/as/nobody/",
        "/as/amara/courses/ecology/add",
        "/as/amara/courses/ecology/grades",
        f"/as/amara/courses/ecology/grades/{item.number}/maya",
        "/as/ruth/tools",
        f"/as/ruth/tools/new?address={sandbox.url}/lti/nothing",
        "/as/amara/courses/ecology/manage",
    ):
        page.goto(sandbox.url + path)
        page.locator("main").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
        found = Axe().run(page)
        assert found.violations_count == 0, f"{path}: {found.generate_report()}"
    assert troubles == []
    context.close()
