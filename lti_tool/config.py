"""Every setting, read once from the environment. A wrong one stops the start and says which and why."""

import ipaddress
import json
import os
import re
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

MIN_SECRET_LENGTH = 32
# The file in which a demo keeps its ports.
DEMO_PORTS = "ports.json"
# What is installed, and what the statements of ours are written for.
_DRIVERS = {"sqlite": ("pysqlite",), "postgresql": ("psycopg",)}
_PREFIX = "ALONGSIDE_"
# Every setting of ours by name; those without the prefix are others' too.
_NAMES = frozenset(
    f"{_PREFIX}{name}"
    for name in (
        "ALLOWED_HOSTS",
        "ENV",
        "GATHER_MINUTES",
        "HOME",
        "KEY_ROTATION_DAYS",
        "LOG_LEVEL",
        "PROXIES",
        "PUBLIC_URL",
        "RATE_LIMITS",
        "SECRET_KEY",
    )
)


class SettingWrong(Exception):
    """A setting that cannot be used: its name, why, and what to do, in one line."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name}: {why}")
        self.name = name


@dataclass(frozen=True)
class Settings:
    """What the installation was told. One field a setting; see docs/settings.md for the table."""

    environment: str
    public_url: str
    home: Path
    database_url: str = field(repr=False)
    lrs_database_url: str = field(repr=False)
    broker_url: str = field(repr=False)
    # Where requests are counted for the rate limits: a Redis, or empty for this process's memory.
    rate_limit_storage: str = field(repr=False)
    # The newest first: the first one seals and signs, each of them opens and verifies.
    secret_keys: tuple[str, ...] = field(repr=False)
    rate_limits: bool = True
    allowed_hosts: frozenset[str] = frozenset()
    proxies: int = 0
    # How old the tool's signing key becomes before the worker makes the next one; 0 for never.
    key_rotation_days: int = 90
    # How often LRSs are read back; 0 for never.
    gather_minutes: int = 15
    log_level: str = "INFO"
    # Names in the environment that look like settings of ours and are none.
    unknown: tuple[str, ...] = ()

    @property
    def is_production(self) -> bool:
        return self.environment == "production"

    @property
    def is_secure(self) -> bool:
        return self.public_url.startswith("https://")

    @property
    def warnings(self) -> list[str]:
        """What is allowed and yet worth a word to the administrator."""
        found = []
        if self.is_production and self.database_url.startswith("sqlite"):
            found.append("DATABASE_URL: SQLite serves one machine; use PostgreSQL when users outgrow it")
        found += [f"{name}: there is no such setting; docs/settings.md lists them" for name in self.unknown]
        return found

    def make_home(self) -> None:
        """Raises :class:`SettingWrong` where it cannot be made."""
        make_private_folder(self.home)

    def with_changes(self, **changes: object) -> "Settings":
        return replace(self, **changes)  # type: ignore[arg-type]


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings in ``environ`` (the process's by default); raises :class:`SettingWrong`."""
    env = os.environ if environ is None else environ
    environment = _one_of(env, "ALONGSIDE_ENV", ("development", "production"))
    production = environment == "production"
    home = Path(env.get("ALONGSIDE_HOME") or "var").absolute()
    broker = env.get("BROKER_URL") or "memory://"
    database_url = _database_url(env, "DATABASE_URL", home / "alongside.db")
    lrs_database_url = _database_url(env, "LRS_DATABASE_URL", home / "lrs.db")
    if _same_database(make_url(database_url), make_url(lrs_database_url)):
        raise SettingWrong(
            "LRS_DATABASE_URL", "is the tool's own database (DATABASE_URL); give the LRS one to itself"
        )
    return Settings(
        environment=environment,
        public_url=_public_url(env, home, production),
        home=home,
        database_url=database_url,
        lrs_database_url=lrs_database_url,
        broker_url=_broker_url(broker),
        rate_limit_storage=broker if broker.startswith(("redis://", "rediss://")) else "",
        secret_keys=_secret_keys(env, home, production),
        rate_limits=_one_of(env, "ALONGSIDE_RATE_LIMITS", ("on", "off")) == "on",
        allowed_hosts=frozenset(env.get("ALONGSIDE_ALLOWED_HOSTS", "").lower().replace(",", " ").split()),
        proxies=_number(env, "ALONGSIDE_PROXIES", 0, 0, 9),
        key_rotation_days=_number(env, "ALONGSIDE_KEY_ROTATION_DAYS", 90, 0, 3650),
        gather_minutes=_number(env, "ALONGSIDE_GATHER_MINUTES", 15, 0, 10_080),
        log_level=_one_of(env, "ALONGSIDE_LOG_LEVEL", ("INFO", "DEBUG", "WARNING", "ERROR")),
        unknown=tuple(sorted(name for name in env if name.startswith(_PREFIX) and name not in _NAMES)),
    )


def make_private_folder(path: Path) -> None:
    """For its owner only: what people write stands in its files, and each file has the process's own umask."""
    try:
        for folder in reversed([path, *path.parents]):
            if not folder.exists():
                folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise SettingWrong("ALONGSIDE_HOME", f"cannot be written to ({error.strerror}): {path}") from None


def is_loopback(host: str) -> bool:
    """Whether a host name or literal address is this machine's own."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _one_of(env: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str:
    """The first of ``allowed`` is the default."""
    value = env.get(name) or allowed[0]
    for choice in allowed:
        if value.lower() == choice.lower():
            return choice
    raise SettingWrong(name, f"is {value!r}; use one of {', '.join(allowed)}")


def _number(env: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    value = env.get(name) or str(default)
    if not value.isdecimal() or not least <= int(value) <= most:
        raise SettingWrong(name, f"is {value!r}; use a whole number from {least} to {most}")
    return int(value)


def _public_url(env: Mapping[str, str], home: Path, production: bool) -> str:
    name = "ALONGSIDE_PUBLIC_URL"
    value = (env.get(name) or "").rstrip("/")
    if not value:
        if production:
            raise SettingWrong(
                name, "is missing; production needs the https address people reach the tool by"
            )
        return f"http://localhost:{_port_of_demo(home) or 8000}"
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if usable and "@" in parts.netloc:
        raise SettingWrong(name, "must not carry a user name or password: everybody gets to see it")
    if not usable or parts.path or parts.query or parts.fragment:
        raise SettingWrong(name, f"is {value!r}; use an address such as https://alongside.example.edu")
    if parts.scheme == "http" and production:
        raise SettingWrong(name, "must be https in production, or browsers will not keep it in a frame")
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise SettingWrong(name, "must be https unless it is this machine's own address")
    return value


def _port_of_demo(home: Path) -> int | None:
    """Where the demo in this folder is reached, so that commands in it name its address."""
    try:
        port = json.loads((home / DEMO_PORTS).read_text())["tool"]
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return port if isinstance(port, int) else None


def _database_url(env: Mapping[str, str], name: str, default: Path) -> str:
    value = env.get(name) or f"sqlite:///{default}"
    try:
        url = make_url(value)
        backend, port = url.get_backend_name(), url.port
    except (ArgumentError, ValueError):
        raise SettingWrong(name, "is not a database address; use sqlite:///… or postgresql://…") from None
    if backend not in _DRIVERS:
        raise SettingWrong(name, f"names the database {backend!r}; use sqlite:///… or postgresql://…")
    driver = url.drivername.partition("+")[2]
    if driver and driver not in _DRIVERS[backend]:
        raise SettingWrong(name, f"names the driver {driver!r}, which is not used here; use {backend}://…")
    if port is not None and not 0 < port < 65536:
        raise SettingWrong(name, f"has the port {port}; use one from 1 to 65535")
    return value


def _same_database(one: URL, other: URL) -> bool:
    """Whether both lead to the same tables, as far as can be told without asking anybody."""
    if one.get_backend_name() != other.get_backend_name():
        return False
    if one.get_backend_name() == "sqlite":
        files = [url.database for url in (one, other) if url.database and url.database != ":memory:"]
        return len(files) == 2 and Path(files[0]).resolve() == Path(files[1]).resolve()
    return _place_of(one) == _place_of(other)


def _place_of(url: URL) -> tuple[object, ...]:
    """Server, port, database, and the options, for these may choose a schema."""
    host = str(url.host or url.query.get("host") or "localhost").lower()
    return (
        "localhost" if is_loopback(host) else host,
        str(url.port or url.query.get("port") or 5432),
        url.database or url.query.get("dbname") or url.username,
        url.query.get("options"),
    )


def _broker_url(value: str) -> str:
    name = "BROKER_URL"
    scheme = value.partition(":")[0]
    if scheme not in ("memory", "redis", "rediss", "amqp", "amqps"):
        raise SettingWrong(name, f"has the scheme {scheme!r}; use memory://, redis:// or amqp://")
    # RabbitMQ's may be several, of which the first that answers is used.
    for one in re.split(";(?=amqps?://)", value):
        try:
            parts = urlsplit(one)
            usable = "://" in one and (scheme == "memory" or parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if not usable:
            raise SettingWrong(name, "is not an address; use memory://, redis://host:6379/0 or amqp://host")
        if scheme in ("redis", "rediss") and not re.fullmatch("/?[0-9]*", parts.path):
            raise SettingWrong(
                name, f"has the path {parts.path!r}; a Redis's is a number: redis://host:6379/0"
            )
    return value


def _secret_keys(env: Mapping[str, str], home: Path, production: bool) -> tuple[str, ...]:
    name = "ALONGSIDE_SECRET_KEY"
    keys = tuple(env.get(name, "").replace(",", " ").split())
    if not keys:
        if production:
            raise SettingWrong(name, "is missing; make one with: openssl rand -hex 32")
        return (_generated_secret(home / "secret_key"),)
    if any(len(key) < MIN_SECRET_LENGTH for key in keys) and production:
        raise SettingWrong(
            name, f"is shorter than {MIN_SECRET_LENGTH} characters; make one with: openssl rand -hex 32"
        )
    return keys


def _generated_secret(path: Path) -> str:
    """In development: a secret of its own for each home folder, made once, readable by its owner only."""
    try:
        make_private_folder(path.parent)
        if not path.exists():
            _make_secret(path)
        secret = path.read_bytes().decode(errors="ignore").strip()
    except OSError as error:
        raise SettingWrong(
            "ALONGSIDE_HOME", f"cannot be written to ({error.strerror}): {path.parent}"
        ) from None
    if len(secret) < MIN_SECRET_LENGTH:
        raise SettingWrong(
            "ALONGSIDE_SECRET_KEY",
            f"the one kept in {path} is shorter than {MIN_SECRET_LENGTH} characters; put that file back from a backup,"
            " or remove it for a new one, which opens nothing that was sealed before",
        )
    return secret


def _make_secret(path: Path) -> None:
    """Whole or not at all, and by one of those who try at once: others read it as soon as it has its name."""
    handle, draft = tempfile.mkstemp(prefix="secret_key.", dir=path.parent)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(32))
            file.flush()
            os.fsync(handle)
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        Path(draft).unlink()
