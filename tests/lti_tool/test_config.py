"""Settings: what is read, and how a wrong one stops the start."""

from pathlib import Path

import pytest

from lti_tool.config import Settings, SettingWrong, is_loopback, read_settings

SECRET = "0123456789abcdef" * 4
PRODUCTION = {
    "ALONGSIDE_ENV": "production",
    "ALONGSIDE_SECRET_KEY": SECRET,
    "ALONGSIDE_PUBLIC_URL": "https://alongside.example.edu",
    "DATABASE_URL": "postgresql://alongside@db.example.edu/alongside",
}


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    return {"ALONGSIDE_HOME": str(tmp_path / "home")}


def test_nothing_said_means_this_machine_alone(home: dict[str, str]) -> None:
    settings = read_settings(home)
    assert settings.environment == "development"
    assert settings.public_url == "http://localhost:8000"
    assert settings.database_url.endswith("/home/alongside.db")
    assert settings.lrs_database_url.endswith("/home/lrs.db")
    assert settings.broker_url == "memory://"
    assert settings.rate_limit_storage == ""
    assert settings.rate_limits


def test_in_development_a_secret_is_made_once_and_for_its_owner_only(home: dict[str, str]) -> None:
    first, second = read_settings(home), read_settings(home)
    assert first.secret_keys == second.secret_keys
    assert len(first.secret_keys[0]) >= 32
    file = Path(home["ALONGSIDE_HOME"]) / "secret_key"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


def test_secrets_never_stand_in_a_printed_setting(home: dict[str, str]) -> None:
    settings = read_settings({**home, **PRODUCTION, "BROKER_URL": "redis://:hunter2@cache:6379/0"})
    assert SECRET not in repr(settings)
    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize(
    ("changes", "named", "told"),
    [
        ({"ALONGSIDE_SECRET_KEY": ""}, "ALONGSIDE_SECRET_KEY", "openssl rand"),
        ({"ALONGSIDE_SECRET_KEY": "short"}, "ALONGSIDE_SECRET_KEY", "shorter"),
        ({"ALONGSIDE_SECRET_KEY": f"{SECRET},old"}, "ALONGSIDE_SECRET_KEY", "shorter"),
        ({"ALONGSIDE_PUBLIC_URL": ""}, "ALONGSIDE_PUBLIC_URL", "missing"),
        ({"ALONGSIDE_PUBLIC_URL": "http://alongside.example.edu"}, "ALONGSIDE_PUBLIC_URL", "https"),
        ({"ALONGSIDE_PUBLIC_URL": "alongside.example.edu"}, "ALONGSIDE_PUBLIC_URL", "such as"),
        ({"ALONGSIDE_PUBLIC_URL": "https://a.example/?x=1"}, "ALONGSIDE_PUBLIC_URL", "such as"),
        ({"ALONGSIDE_PUBLIC_URL": "https://a.example:port"}, "ALONGSIDE_PUBLIC_URL", "such as"),
        ({"DATABASE_URL": "mysql://db/alongside"}, "DATABASE_URL", "mysql"),
        ({"DATABASE_URL": "not an address"}, "DATABASE_URL", "sqlite:///"),
        ({"LRS_DATABASE_URL": "oracle://x"}, "LRS_DATABASE_URL", "oracle"),
        ({"BROKER_URL": "sqs://queue"}, "BROKER_URL", "sqs"),
        ({"ALONGSIDE_ENV": "staging"}, "ALONGSIDE_ENV", "development, production"),
        ({"ALONGSIDE_RATE_LIMITS": "maybe"}, "ALONGSIDE_RATE_LIMITS", "on, off"),
        ({"ALONGSIDE_PROXIES": "-1"}, "ALONGSIDE_PROXIES", "whole number"),
        ({"ALONGSIDE_KEY_ROTATION_DAYS": "weekly"}, "ALONGSIDE_KEY_ROTATION_DAYS", "whole number"),
        ({"ALONGSIDE_LOG_LEVEL": "loud"}, "ALONGSIDE_LOG_LEVEL", "INFO"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(
    home: dict[str, str], changes: dict[str, str], named: str, told: str
) -> None:
    with pytest.raises(SettingWrong) as refusal:
        read_settings({**home, **PRODUCTION, **changes})
    assert refusal.value.name == named
    line = str(refusal.value)
    assert line.startswith(f"{named}: ")
    assert told in line
    assert "\n" not in line


def test_a_home_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingWrong, match="ALONGSIDE_HOME"):
        read_settings({"ALONGSIDE_HOME": str(tmp_path / "file" / "below")})


def test_a_public_address_of_another_machine_needs_https_even_in_development(home: dict[str, str]) -> None:
    with pytest.raises(SettingWrong, match="https"):
        read_settings({**home, "ALONGSIDE_PUBLIC_URL": "http://alongside.example.edu"})


def test_production_on_sqlite_is_warned_of(home: dict[str, str]) -> None:
    def settings(**changes: str) -> Settings:
        return read_settings({**home, **PRODUCTION, **changes})

    assert settings().warnings == []
    assert any("SQLite" in warning for warning in settings(DATABASE_URL="").warnings)


def test_rate_limits_are_shared_where_there_is_a_redis(home: dict[str, str]) -> None:
    assert read_settings({**home, "BROKER_URL": "redis://cache/1"}).rate_limit_storage == "redis://cache/1"
    assert read_settings({**home, "BROKER_URL": "amqp://rabbit"}).rate_limit_storage == ""


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("tool.localhost", True),
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("[::1]", True),
        ("10.0.0.1", False),
        ("localhost.example.edu", False),
    ],
)
def test_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback
