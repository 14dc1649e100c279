"""Third-party cookies are really blocked, or really allowed, in a frame from another site."""

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from playwright.sync_api import BrowserContext, Page

FRAME = """<!doctype html><output>waiting</output><script>
  let storage = "storage works";
  try { localStorage.setItem("a", "b"); } catch (error) { storage = error.name; }
  fetch("/cookies").then((answer) => answer.text()).then((cookies) => {
    document.querySelector("output").textContent = storage + ", " + cookies;
  });
</script>"""


class _TwoSites(BaseHTTPRequestHandler):
    """A course page at 127.0.0.1 with a frame from localhost: two sites, as an LMS and a tool are."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        if self.path == "/course":
            body = f'<iframe src="http://localhost:{self.server.server_port}/frame"></iframe>'  # type: ignore[attr-defined]
        elif self.path == "/frame":
            self.send_header("Set-Cookie", "plain=1; SameSite=None; Secure; Path=/")
            self.send_header("Set-Cookie", "__Host-own=1; SameSite=None; Secure; Path=/; Partitioned")
            body = FRAME
        else:
            body = "cookies: " + (self.headers["Cookie"] or "none")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *args: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def course_url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _TwoSites) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/course"
        server.shutdown()
        thread.join()


def _seen_in_frame(page: Page, url: str) -> str:
    page.goto(url)
    seen = page.frame_locator("iframe").locator("output")
    seen.filter(has_text="cookies:").wait_for()
    return seen.inner_text()


def test_a_frame_from_another_site_keeps_its_cookies_only_where_allowed(
    page: Page, course_url: str, third_party_cookies: str
) -> None:
    expected = {
        "blocked": "SecurityError, cookies: __Host-own=1",
        "allowed": "storage works, cookies: plain=1; __Host-own=1",
    }
    assert _seen_in_frame(page, course_url) == expected[third_party_cookies]


def test_third_party_cookies_are_blocked_unless_a_test_asks(page: Page, course_url: str) -> None:
    assert _seen_in_frame(page, course_url).startswith("SecurityError")


def test_two_contexts_share_nothing(
    new_context: Callable[[], BrowserContext], course_url: str, third_party_cookies: str
) -> None:
    first, second = new_context().new_page(), new_context().new_page()
    first.goto(course_url)
    first.frame_locator("iframe").locator("output").filter(has_text="__Host-own").wait_for()
    assert second.context.cookies() == []
