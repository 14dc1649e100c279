"""Somebody with a browser: the course's page in a tab, and the panel in its frame."""

import re
from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, ConsoleMessage, Frame, Locator, Page, expect

from tests.browser.house import Place

# What browsers say by themselves about answers that a test provokes, and about a course page's missing icon.
_EXPECTED = re.compile(
    r"favicon\.ico|status of [45]\d\d|Response Status Error Code|ERR_INTERNET_DISCONNECTED|ERR_FAILED"
)


@dataclass
class Visitor:
    context: BrowserContext
    place: Place
    person: str
    errors: list[str] = field(default_factory=list)
    page: Page = field(init=False)

    def __post_init__(self) -> None:
        self.context.set_default_timeout(15_000)
        self.page = self.context.new_page()
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.errors.append(f"{self.person}: {error}"))

    def _heard(self, message: ConsoleMessage) -> None:
        where = message.location.get("url", "")
        if (
            message.type == "error"
            and not _EXPECTED.search(message.text + where)
            and "htmx:" not in message.text
        ):
            self.errors.append(f"{self.person}: {message.text} at {where}")

    def open(self) -> None:
        """Through the course: login, launch, and the panel in its frame."""
        self.page.goto(self.place.address(self.person))
        self.wait()

    def wait(self) -> None:
        # Found anew at each look: a launch leads the frame through sites, and so through processes of the browser.
        inside = self.page.frame_locator(self._activity)
        inside.locator("#panel, #set-up").first.wait_for(state="attached")
        inside.locator("html[data-ready]").wait_for(state="attached")

    @property
    def _activity(self) -> str:
        return f'iframe[name="activity-{self.place.link}"]'

    @property
    def frame(self) -> Frame:
        frame = self.page.locator(self._activity).element_handle().content_frame()
        assert frame is not None
        return frame

    def button(self, name: str, within: Locator | None = None) -> Locator:
        return (within or self.frame.locator("body")).get_by_role("button", name=name, exact=True)

    def entry(self, text: str) -> Locator:
        """The entry with this text."""
        return self.frame.locator("article.entry").filter(has_text=text)

    def sees(self, text: str) -> None:
        """Waits until it is in sight, as long as news may take."""
        expect(self.frame.get_by_text(text).first).to_be_visible(timeout=9000)

    def does_not_see(self, text: str) -> None:
        expect(self.frame.get_by_text(text)).to_have_count(0)

    def start_thread(self, body: str, title: str = "") -> None:
        self.button("Start a thread…").click()
        self.frame.get_by_label("Title").fill(title)
        self.frame.get_by_label("Your thought or question").fill(body)
        self.button("Post").click()
        expect(self.entry(title or body)).to_be_visible()

    def answer(self, text: str, body: str, *, seen: str = "") -> None:
        """``seen``: words of the answer as it is shown, where Markdown makes them others."""
        self.button("Reply", self.entry(text)).click()
        form = self.frame.locator(".reply-composer")
        form.get_by_label("Your reply").fill(body)
        self.button("Reply", form).click()
        expect(self.entry(seen or body)).to_be_visible()

    def look_for_news(self) -> None:
        """As the page does by itself every few seconds."""
        self.frame.evaluate("dispatchEvent(new Event('online'))")

    def reload_frame(self) -> None:
        self.frame.evaluate("location.reload()")
        self.page.wait_for_timeout(300)
        self.wait()
