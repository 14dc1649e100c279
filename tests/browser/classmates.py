"""A class that takes part without a browser each: its members post the forms that the LMS's and the tool's pages hold,
and write through the JSON API. Each act is noted, so that what the records say of it can be compared."""

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from html.parser import HTMLParser
from threading import Lock
from typing import Any
from urllib.parse import urljoin

import requests

from tests.browser.college import Acts, College

MOST_STEPS = 8


class _Form(HTMLParser):
    """The page's first form, and the data for its scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action, self.method, self.fields = "", "get", dict[str, str]()
        self.config: dict[str, Any] = {}
        self._is_config = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and not self.action:
            self.action, self.method = given.get("action", ""), given.get("method", "get")
        if tag == "input" and given.get("type") == "hidden":
            self.fields[given["name"]] = given.get("value", "")
        self._is_config = tag == "script" and given.get("id") == "config"

    def handle_data(self, data: str) -> None:
        if self._is_config:
            self.config = json.loads(data)
            self._is_config = False


@dataclass
class Opened:
    """A panel in somebody's hands, with the bearer of its page."""

    tool: str
    config: dict[str, Any]

    def entries(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._ask("GET", "/entries?limit=200")["items"]
        return found

    def write(self, body: str, title: str = "", parent_id: str | None = None) -> dict[str, Any]:
        return self._ask("POST", "/entries", json={"title": title, "body": body, "parent_id": parent_id})

    def share(self, thought: str) -> None:
        answer = requests.post(
            f"{self.tool}/panels/{self.config['panel_id']}/reflection",
            data={"what": thought},
            headers=self._pass | {"HX-Request": "true"},
            timeout=30,
        )
        assert answer.status_code < 300, answer.text

    @property
    def _pass(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.config['token']}"}

    def _ask(self, method: str, path: str, **more: Any) -> Any:
        url = urljoin(self.tool, f"/api/v1/panels/{self.config['panel_id']}{path}")
        answer = requests.request(method, url, headers=self._pass, timeout=30, **more)
        assert answer.ok, answer.text
        return answer.json()


@dataclass
class Classmates:
    college: College
    acts: Acts
    _opened: set[tuple[str, str]] = field(default_factory=set)
    _lock: Lock = field(default_factory=Lock)

    def came(self, person: str, link: str) -> None:
        """Opening a panel is on record once in half an hour, however often it is done."""
        if (person, link) not in self._opened:
            self._opened.add((person, link))
            self.did(person, "viewed")

    def did(self, person: str, *verbs: str) -> None:
        sub = self.college.sandbox.world.person(person).sub
        with self._lock:
            self.acts.update((verb, sub) for verb in verbs)

    def open(self, person: str, link: str) -> Opened:
        """From the LMS's page to the panel's, whatever lies between."""
        asked: dict[str, Any] = {"url": f"{self.college.lms_url}/as/{person}/launch/{link}"}
        kept: dict[str, str] = {}
        for _ in range(MOST_STEPS):
            answer = self._step(asked, kept)
            if answer.is_redirect:
                asked = {"url": urljoin(answer.url, answer.headers["Location"])}
                continue
            page = _Form(answer.text)
            if answer.ok and page.config:
                self.came(person, link)
                return Opened(self.college.tool_url, page.config)
            assert page.action, f"{person} at {answer.url}: {answer.status_code}\n{answer.text}"
            inside = "data" if page.method == "post" else "params"
            asked = {"method": page.method, "url": urljoin(answer.url, page.action), inside: page.fields}
        raise AssertionError(f"{person} never came to {link}")

    def _step(self, asked: dict[str, Any], kept: dict[str, str]) -> requests.Response:
        """The tool's cookies are Secure: browsers send such to their own machine without https, requests does not."""
        own = asked["url"].startswith(self.college.tool_url)
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in kept.items())} if own else {}
        answer = requests.request(
            **{"method": "get", "headers": headers, "allow_redirects": False, "timeout": 30} | asked
        )
        kept.update({cookie.name: cookie.value or "" for cookie in answer.cookies} if own else {})
        return answer

    def take_part(self, people: Iterable[str], discussion: str, reflection: str, floor: str) -> None:
        """All at once: each starts a thread and answers two others, shares a thought, and says hello on the floor."""

        def one(numbered: tuple[int, str]) -> None:
            number, person = numbered
            talk = self.open(person, discussion)
            others = talk.entries()
            talk.write(f"By my door there is number {number}.", title=f"What surprised me: {number}")
            for nth in range(2):
                answered = others[(number * 7 + nth) % len(others)]["id"]
                talk.write(f"As for that, {number} and {nth} too.", parent_id=answered)
            self.open(person, reflection).share(f"I understood the weir at last, {number}.")
            self.open(person, floor).write(f"Hello from {number}")
            self.did(person, "create", "replied", "replied", "submit", "create")

        with ThreadPoolExecutor(6) as pool:
            list(pool.map(one, enumerate(people, start=1)))
