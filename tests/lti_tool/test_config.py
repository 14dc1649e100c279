"""Settings: what is read, and how a wrong one stops the start."""

import os
from concurrent.futures import ThreadPoolExecutor
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


def test_commands_in_the_folder_of_a_demo_name_its_address(home: dict[str, str]) -> None:
    folder = Path(home["ALONGSIDE_HOME"])
    folder.mkdir()
    (folder / "ports.json").write_text('{"tool": 8100, "sandbox": 8101, "lrs": 8102}')
    assert read_settings(home).public_url == "http://localhost:8100"
    said = {**home, "ALONGSIDE_PUBLIC_URL": "http://localhost:9000"}
    assert read_settings(said).public_url == "http://localhost:9000"
    for broken in ("", "[]", "{}", '{"tool": "x"}', "\\xff"):
        (folder / "ports.json").write_text(broken)
        assert read_settings(home).public_url == "http://localhost:8000"


def test_in_development_a_secret_is_made_once_and_for_its_owner_only(home: dict[str, str]) -> None:
    first, second = read_settings(home), read_settings(home)
    assert first.secret_keys == second.secret_keys
    assert len(first.secret_keys[0]) >= 32
    file = Path(home["ALONGSIDE_HOME"]) / "secret_key"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("held", ["", "\n", "short", "\N{SNOWMAN}" * 31])
def test_a_kept_secret_that_is_none_is_refused_with_what_to_do(home: dict[str, str], held: str) -> None:
    read_settings(home)
    file = Path(home["ALONGSIDE_HOME"]) / "secret_key"
    file.write_text(held)
    with pytest.raises(SettingWrong, match="shorter than 32 characters; put that file back"):
        read_settings(home)
    assert file.read_text() == held, "it may be all that is left"
    file.unlink()
    assert len(read_settings(home).secret_keys[0]) >= 32


def test_a_secret_is_never_seen_half_written(home: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SettingWrong, match="No space left"):
        read_settings(home)
    assert list(Path(home["ALONGSIDE_HOME"]).iterdir()) == []


def test_of_several_that_make_the_secret_at_once_all_get_the_same(home: dict[str, str]) -> None:
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: read_settings(home).secret_keys, range(8)))
    assert len(set(made)) == 1


@pytest.mark.parametrize(
    ("tool", "lrs"),
    [
        ("sqlite:///{home}/one.db", "sqlite:///{home}/../home/one.db"),
        ("sqlite:///{home}/one.db", "sqlite+pysqlite:///{home}/one.db"),
        ("sqlite:///{home}/lrs.db", ""),
        ("postgresql://a@DB.example/alongside", "postgresql+psycopg://b:c@db.example:5432/alongside"),
        ("postgresql://localhost/x", "postgresql://127.0.0.1/x"),
        ("postgresql:///x?host=/run/postgresql", "postgresql://lrs@/x?host=/run/postgresql"),
    ],
)
def test_the_lrs_does_not_share_the_tools_database(home: dict[str, str], tool: str, lrs: str) -> None:
    folder = home["ALONGSIDE_HOME"]
    with pytest.raises(SettingWrong, match=r"^LRS_DATABASE_URL: "):
        read_settings(
            {**home, "DATABASE_URL": tool.format(home=folder), "LRS_DATABASE_URL": lrs.format(home=folder)}
        )


@pytest.mark.parametrize(
    ("tool", "lrs"),
    [
        ("postgresql://db/alongside", "postgresql://db/lrs"),
        ("postgresql://db/x", "postgresql://db:5433/x"),
        ("postgresql://db/x", "postgresql://db/x?options=-csearch_path=lrs"),
        ("sqlite:///x.db", "postgresql://db/x.db"),
        ("sqlite://", "sqlite://"),
    ],
)
def test_the_lrs_may_have_its_database_beside_the_tools(home: dict[str, str], tool: str, lrs: str) -> None:
    settings = read_settings({**home, "DATABASE_URL": tool, "LRS_DATABASE_URL": lrs})
    assert (settings.database_url, settings.lrs_database_url) == (tool, lrs)


@pytest.mark.parametrize(
    "url", ["memory://", "redis://:pass@cache:6379/2", "rediss://[::1]", "amqp://a:5672//;amqp://b:5672//"]
)
def test_good_brokers(home: dict[str, str], url: str) -> None:
    assert read_settings({**home, "BROKER_URL": url}).broker_url == url


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
        ({"ALONGSIDE_PUBLIC_URL": "https://me:secret@a.example"}, "ALONGSIDE_PUBLIC_URL", "user name"),
        ({"ALONGSIDE_PUBLIC_URL": "https://me@a.example"}, "ALONGSIDE_PUBLIC_URL", "user name"),
        ({"DATABASE_URL": "postgresql+asyncpg://db/alongside"}, "DATABASE_URL", "asyncpg"),
        ({"DATABASE_URL": "postgresql+psycopg2://db/alongside"}, "DATABASE_URL", "use postgresql://"),
        ({"DATABASE_URL": "sqlite+aiosqlite:///x.db"}, "DATABASE_URL", "use sqlite://"),
        ({"DATABASE_URL": "postgres://db/alongside"}, "DATABASE_URL", "or postgresql://"),
        ({"DATABASE_URL": "postgresql://db:port/alongside"}, "DATABASE_URL", "not a database address"),
        ({"DATABASE_URL": "postgresql://db:99999/alongside"}, "DATABASE_URL", "99999"),
        ({"LRS_DATABASE_URL": "postgresql+asyncpg://db/lrs"}, "LRS_DATABASE_URL", "asyncpg"),
        ({"LRS_DATABASE_URL": PRODUCTION["DATABASE_URL"]}, "LRS_DATABASE_URL", "DATABASE_URL"),
        ({"BROKER_URL": "redis"}, "BROKER_URL", "redis://host"),
        ({"BROKER_URL": "redis:6379"}, "BROKER_URL", "redis://host"),
        ({"BROKER_URL": "redis://"}, "BROKER_URL", "redis://host"),
        ({"BROKER_URL": "redis://[::bad"}, "BROKER_URL", "redis://host"),
        ({"BROKER_URL": "redis://cache:99999"}, "BROKER_URL", "redis://host"),
        ({"BROKER_URL": "redis://cache/ticks"}, "BROKER_URL", "a number"),
        ({"BROKER_URL": "amqp://a:5672;amqp://[b"}, "BROKER_URL", "amqp://host"),
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
