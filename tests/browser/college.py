"""A whole college: tool, worker and LRS as processes of their own, an LMS on another site that knows no tool yet."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

import requests

from lti_tool.demo.processes import Processes
from lti_tool.sandbox import Running, SandboxConfig
from lti_tool.sandbox import start as start_sandbox
from tests.browser.house import Place
from tests.services.ports import free_port

LRS_USER, LRS_PASSWORD = "college", "the-college-reads-it"
NOWHERE = "http://127.0.0.1:1"
COURSE = "rivers"
Acts = Counter[tuple[str, str]]
"""How often whom did what: by the verb's last word and the person's ``sub``."""


@dataclass
class College:
    """Where all of it answers. It serves as a house does, for places and visitors."""

    processes: Processes
    tool_url: str
    lrs_url: str
    lms: Running

    @property
    def lms_url(self) -> str:
        return self.lms.url

    @property
    def sandbox(self):  # type: ignore[no-untyped-def]
        return self.lms.sandbox

    def command(self, *words: str) -> str:
        """What an `alongside` command prints."""
        return _command(self.processes, *words)

    def activity(self, link: str) -> "Activity":
        return Activity(self, self.sandbox.world.link(link).course, link)  # type: ignore[arg-type]

    def course(self, key: str) -> Place:
        return Place(self, key, "")  # type: ignore[arg-type]

    def recorded(self) -> Acts:
        """What the LRS holds of this LMS's people."""
        found: Acts = Counter()
        more = f"{self.lrs_url}/statements?limit=500"
        while more:
            answer = requests.get(
                more,
                auth=(LRS_USER, LRS_PASSWORD),
                headers={"X-Experience-API-Version": "1.0.3"},
                timeout=20,
            )
            answer.raise_for_status()
            page = answer.json()
            for statement in page["statements"]:
                account = statement["actor"]["account"]
                if account["homePage"] == self.sandbox.profile.issuer:
                    found[statement["verb"]["id"].rpartition("/")[2], account["name"]] += 1
            more = urljoin(self.lrs_url, page["more"]) if page.get("more") else ""
        return found


class Activity(Place):
    """Something that was added to a course; it has a page of its own there."""

    def address(self, person: str) -> str:
        return f"{self.house.lms_url}/as/{person}/courses/{self.course}/links/{self.link}"


@contextmanager
def open_college(folder: Path, profile: str) -> Iterator[College]:
    tool_port, lrs_port, lms_port = free_port(), free_port(), free_port()
    tool, lrs = f"http://localhost:{tool_port}", f"http://127.0.0.1:{lrs_port}"
    environ = {
        "ALONGSIDE_HOME": str(folder),
        "ALONGSIDE_PUBLIC_URL": tool,
        "DATABASE_URL": f"sqlite:///{folder / 'tool.db'}",
        "LRS_DATABASE_URL": f"sqlite:///{folder / 'lrs.db'}",
        "BROKER_URL": "memory://",
        "ALONGSIDE_ENV": "development",
        "LRS_PASSWORD": LRS_PASSWORD,
    }
    processes = Processes(folder, environ)
    try:
        processes.start("lrs", "lrs", "serve", "--port", str(lrs_port), "--username", LRS_USER)
        processes.start("tool", "serve", "--port", str(tool_port))
        processes.wait_for(f"{tool}/readyz")
        processes.wait_for(f"{lrs}/healthz")
        _command(
            processes, "lrs", "add", "--name", "College", "--endpoint", f"{lrs}/xAPI",
            "--username", LRS_USER, "--password", LRS_PASSWORD, "--json",
        )  # fmt: skip
        processes.start("worker", "worker")
        address = f"http://127.0.0.1:{lms_port}"
        config = SandboxConfig(
            public_url=address,
            issuer=address,
            tool_login_url=f"{NOWHERE}/login",
            tool_launch_urls=(f"{NOWHERE}/launch",),
            tool_jwks_url=f"{NOWHERE}/jwks",
            profile=profile,  # type: ignore[arg-type]
            lrs_endpoint=f"{lrs}/xAPI",
            lrs_username=LRS_USER,
            lrs_password=LRS_PASSWORD,
        )
        with start_sandbox(config, port=lms_port) as lms:
            yield College(processes, tool, f"{lrs}/xAPI", lms)
            processes.check()
    finally:
        processes.stop()


def invite(college: College, name: str) -> str:
    """The address that the tool's operator hands to an LMS's administrator."""
    address: str = json.loads(college.command("platform", "invite", "--name", name, "--json"))["url"]
    return address


def _command(processes: Processes, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "lti_tool", *words], env=processes.environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
