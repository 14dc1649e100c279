"""Which addresses are asked for anything on behalf of a platform."""

import socket
from pathlib import Path
from typing import Any

import pytest
from requests.adapters import HTTPAdapter

from lti_tool.lti.outbound import AddressRefused, PlatformSession, address_trouble
from tests.lti_tool.lti.launching import settings_for
from tests.lti_tool.lti.platforms import serving_keys


def production(folder: Path, *allowed: str) -> Any:
    return settings_for("sqlite://", folder, environment="production", allowed_hosts=frozenset(allowed))


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "10.1.2.3", "169.254.169.254", "0.0.0.0"]
)
def test_addresses_of_the_own_network_are_refused_in_production(tmp_path: Path, host: str) -> None:
    with pytest.raises(AddressRefused):
        PlatformSession(production(tmp_path)).get(f"http://{host}:9/jwks")


def test_a_name_that_leads_inside_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def inside(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", inside)
    with pytest.raises(AddressRefused):
        PlatformSession(production(tmp_path)).get("http://lms.example:9/jwks")


def test_a_name_that_changes_its_answer_gains_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first answer is public, the one that is connected to is not."""
    with serving_keys() as server:
        port = int(server.url.rsplit(":", 1)[1].partition("/")[0])
        answers = iter(["93.184.216.34", "127.0.0.1"])

        def turning(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

        monkeypatch.setattr(socket, "getaddrinfo", turning)
        with pytest.raises(AddressRefused):
            PlatformSession(production(tmp_path)).get(f"http://lms.example:{port}/jwks")
        assert server.asked == 0


def test_a_host_that_is_allowed_by_name_is_asked(tmp_path: Path) -> None:
    with serving_keys() as server:
        assert PlatformSession(production(tmp_path, "127.0.0.1")).get(server.url).status_code == 200


def test_development_may_ask_anybody(tmp_path: Path) -> None:
    with serving_keys() as server:
        assert PlatformSession(settings_for("sqlite://", tmp_path)).get(server.url).json()["keys"]


def test_every_request_says_who_asks_and_has_time_outs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, Any] = {}
    original = HTTPAdapter.send

    def watch(adapter: Any, request: Any, **options: Any) -> Any:
        seen.update(options, agent=request.headers["User-Agent"])
        return original(adapter, request, **options)

    monkeypatch.setattr(HTTPAdapter, "send", watch)
    with serving_keys() as server:
        PlatformSession(settings_for("sqlite://", tmp_path)).get(server.url)

    assert seen["timeout"] == (5, 10)
    assert seen["agent"].startswith("Alongside/")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://lms.example/jwks",
        "https:///jwks",
        "https://a:b@lms.example/",
        "https://lms.example/#x",
        "http://[",
        "jwks",
        "https://lms.example:x/",
    ],
)
def test_what_is_no_address_is_told_so(tmp_path: Path, url: str) -> None:
    assert address_trouble(url, settings_for("sqlite://", tmp_path))


def test_production_wants_https_and_public_hosts(tmp_path: Path) -> None:
    strict, allowing = production(tmp_path), production(tmp_path, "lms.local", "10.0.0.1")
    assert address_trouble("https://lms.example/jwks", strict) is None
    assert "https" in (address_trouble("http://lms.example/jwks", strict) or "")
    assert "ALONGSIDE_ALLOWED_HOSTS" in (address_trouble("https://10.0.0.1/jwks", strict) or "")
    assert "ALONGSIDE_ALLOWED_HOSTS" in (address_trouble("https://localhost/jwks", strict) or "")
    assert address_trouble("http://lms.local/jwks", allowing) is None
    assert address_trouble("https://10.0.0.1/jwks", allowing) is None
