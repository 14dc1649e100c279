"""What an LRS shows to any reader: the ids of its statements, page by page through its standard API."""

from collections.abc import Iterator
from urllib.parse import urljoin
from uuid import UUID

import requests


def shown(endpoint: str, username: str, password: str) -> Iterator[UUID]:
    """The id of each statement, as often as the LRS shows it; ``endpoint`` is the address before ``/statements``."""
    more = f"{endpoint}/statements?limit=500&format=ids"
    with requests.Session() as asking:
        asking.auth = (username, password)
        asking.headers["X-Experience-API-Version"] = "1.0.3"
        while more:
            answer = asking.get(more, timeout=60)
            answer.raise_for_status()
            page = answer.json()
            yield from (UUID(statement["id"]) for statement in page["statements"])
            more = urljoin(endpoint, page["more"]) if page.get("more") else ""
