"""An operator at the console, as their browser meets it."""

import re
from dataclasses import dataclass, field

from flask import Flask
from werkzeug.test import Client, TestResponse

from lti_tool.console.operators import add_operator
from lti_tool.parts import Parts

PASSWORD = "four words are plenty"
BASE = "https://localhost:8000"
OWN = {"Sec-Fetch-Site": "same-origin"}
COOKIE = "__Host-operator"


@dataclass
class Desk:
    """A browser on the console. ``sign_in()`` first."""

    app: Flask
    client: Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = Client(self.app, response_wrapper=TestResponse)

    def sign_in(self, name: str = "ada", password: str = PASSWORD, **more: str) -> TestResponse:
        return self.send("/sign-in", name=name, password=password, **more)

    def get(self, path: str = "", **headers: str) -> TestResponse:
        return self.client.get(f"/admin{path}", base_url=BASE, headers=headers)

    def send(self, path: str, headers: dict[str, str] | None = None, **form: str) -> TestResponse:
        """A form as it is, without the token that every page's form carries."""
        return self.client.post(
            f"/admin{path}", base_url=BASE, headers=OWN if headers is None else headers, data=form
        )

    def submit(self, path: str, **form: str) -> TestResponse:
        """A form of the console's own."""
        return self.send(path, form_token=self.form_token, **form)

    def upload(self, path: str, content: bytes) -> TestResponse:
        """A form of the console's own that carries a file."""
        bound = "not-in-any-file-of-a-test"
        head = 'Content-Disposition: form-data; name="file"; filename="people.csv"\r\nContent-Type: text/csv'
        token = f'Content-Disposition: form-data; name="form_token"\r\n\r\n{self.form_token}'
        # By hand: the client would leave a large one in an open file.
        body = f"--{bound}\r\n{token}\r\n--{bound}\r\n{head}\r\n\r\n".encode() + content
        return self.client.post(
            f"/admin{path}",
            base_url=BASE,
            headers=OWN,
            data=body + f"\r\n--{bound}--\r\n".encode(),
            content_type=f"multipart/form-data; boundary={bound}",
        )

    @property
    def form_token(self) -> str:
        found = re.search(r'name="form_token" value="([^"]+)"', self.get("/password").text)
        assert found is not None
        return found[1]

    @property
    def cookie(self) -> str:
        kept = self.client.get_cookie(COOKIE, domain="localhost")
        return kept.value if kept else ""

    def keep(self, secret: str) -> None:
        self.client.set_cookie(COOKIE, secret, domain="localhost", secure=True)


def make_operator(given: Parts, name: str = "ada", tenant: str | None = None) -> None:
    from social_layer.people.actions import find_or_make_tenant

    with given.database.write() as session:
        tenant_id = find_or_make_tenant(session, given.clock, tenant).id if tenant else None
        add_operator(session, given.clock, name, PASSWORD, tenant_id)
