"""Examines the installation: what is well, what is not, and what to do about it."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

import requests
from kombu import Connection
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from lti_tool import migrations
from lti_tool.bridging import guard_of
from lti_tool.config import is_loopback
from lti_tool.lti.key_sets import ask_for_keys
from lti_tool.lti.keys import published_rows
from lti_tool.lti.models import Platform
from lti_tool.lti.outbound import PlatformSession
from lti_tool.parts import Parts
from lti_tool.paths import static_folder
from social_layer.sealing import SealBroken
from xapi.addresses import AddressRefused
from xapi.connection_test import ConnectionFailed, sign_in, versions
from xapi.models import Lrs, LrsState
from xapi.stores import open_transport

# For what was sealed with a secret that is not among the settings.
_TO_UNSEAL = "add the former secret to ALONGSIDE_SECRET_KEY, behind the new one and a comma"
# Findings without which no table can be read.
_TABLES = ("database", "migrations")


class State(StrEnum):
    ok = "ok"
    warning = "warning"
    failed = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing examined. ``todo`` is empty when there is nothing to do."""

    subject: str
    state: State
    said: str
    todo: str = ""


def examine(given: Parts) -> Iterator[Finding]:
    """Finding by finding, as they are made: some ask other machines and take seconds."""
    sound = True
    for finding in examine_here(given):
        sound = sound and (finding.state is not State.failed or finding.subject not in _TABLES)
        yield finding
    if sound:
        yield from _lrss(given)
    yield _broker(given)


def examine_here(given: Parts) -> Iterator[Finding]:
    """As :func:`examine`, without what asks other machines than the database."""
    yield from _settings(given)
    yield from _assets()
    database = list(_database(given))
    yield from database
    if all(finding.state is State.ok for finding in database):
        yield from _keys(given)
        yield from _platforms(given)


def _settings(given: Parts) -> Iterator[Finding]:
    settings = given.settings
    host = urlsplit(settings.public_url).hostname or ""
    if settings.is_secure:
        yield Finding("public URL", State.ok, settings.public_url)
    elif is_loopback(host):
        yield Finding(
            "public URL",
            State.warning,
            f"{settings.public_url} is for this machine only",
            "for real courses set ALONGSIDE_PUBLIC_URL to an https address",
        )
    for warning in settings.warnings:
        yield Finding("settings", State.warning, warning)
    if settings.home.exists() and settings.home.stat().st_mode & 0o077:
        yield Finding(
            "home folder",
            State.warning,
            f"others on this machine may look into {settings.home}",
            f"run: chmod 700 {settings.home}",
        )


def _assets() -> Iterator[Finding]:
    if (static_folder() / "manifest.json").exists():
        yield Finding("page assets", State.ok, "built")
    else:
        yield Finding("page assets", State.failed, "not built", "run: make setup")


def _database(given: Parts) -> Iterator[Finding]:
    engine = given.database.engine
    file = engine.url.database if engine.dialect.name == "sqlite" else None
    if file and not Path(file).exists():  # connecting would make it
        yield Finding(
            "database",
            State.failed,
            f"there is none at {file}",
            "run: alongside db upgrade; or set ALONGSIDE_HOME or DATABASE_URL to where yours is",
        )
        return
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        said = str(getattr(error, "orig", error)).splitlines()[0]
        yield Finding("database", State.failed, said, "check DATABASE_URL and that the server runs")
        return
    yield Finding("database", State.ok, f"{engine.dialect.name} answers")
    if migrations.is_at_head(engine):
        yield Finding("migrations", State.ok, f"at {migrations.head()}")
    else:
        yield Finding(
            "migrations",
            State.failed,
            "the tables are not those of this version",
            "run: alongside db upgrade",
        )


def _keys(given: Parts) -> Iterator[Finding]:
    with given.database.read() as session:
        keys = published_rows(session, given.clock())
    if not keys:
        yield Finding("tool keys", State.warning, "none yet", "they are made when the tool first starts")
        return
    try:
        for key in keys:
            given.sealer.open(key.sealed_pem)
    except SealBroken:
        yield Finding(
            "tool keys",
            State.failed,
            f"key {key.kid} was sealed with another secret",
            _TO_UNSEAL,
        )
    else:
        yield Finding("tool keys", State.ok, f"{len(keys)} published, signing with {keys[0].kid}")


def _platforms(given: Parts) -> Iterator[Finding]:
    with given.database.read() as session:
        platforms = session.scalars(select(Platform).where(Platform.removed_at.is_(None))).all()
    if not platforms:
        yield Finding("platforms", State.warning, "no LMS is registered", "run: alongside platform invite")
    with PlatformSession(given.settings) as session:
        for platform in platforms:
            yield _platform(session, platform)


def _platform(session: PlatformSession, platform: Platform) -> Finding:
    subject = f"LMS {platform.name}"
    try:
        _, keys = ask_for_keys(session, platform.jwks_url)
    except (requests.RequestException, ValueError, RecursionError) as error:
        trouble = f"{type(error).__name__}: {error}"[:200]
    else:
        return Finding(subject, State.ok, f"publishes its keys, {len(keys)} at present")
    return Finding(
        subject,
        State.failed,
        f"{platform.jwks_url}: {trouble}",
        f"compare the address with that of the LMS: alongside platform show {platform.client_id}",
    )


def _lrss(given: Parts) -> Iterator[Finding]:
    with given.database.read() as session:
        stores = session.scalars(select(Lrs).order_by(Lrs.name)).all()
    if not stores:
        yield Finding(
            "LRS", State.warning, "none is connected; statements wait", "see: alongside lrs add --help"
        )
    for lrs in stores:
        subject = f"LRS {lrs.name}"
        if lrs.state == LrsState.paused:
            yield Finding(
                subject,
                State.failed,
                lrs.trouble or "paused",
                f"mend it, then: alongside lrs test {lrs.name}",
            )
            continue
        try:
            with closing(
                open_transport(given.sealer, lrs, guard_of(given.settings), read_seconds=10)
            ) as transport:
                spoken = versions(transport)
                sign_in(transport)
        except SealBroken:
            yield Finding(
                subject,
                State.failed,
                "its password was sealed with another secret",
                f"{_TO_UNSEAL}; or give the password anew: alongside lrs add --help",
            )
        except (ConnectionFailed, AddressRefused) as error:
            yield Finding(subject, State.failed, str(error), f"mend it, then: alongside lrs test {lrs.name}")
        else:
            yield Finding(subject, State.ok, f"{lrs.endpoint} speaks xAPI {', '.join(spoken)}")


def _broker(given: Parts) -> Finding:
    url = given.settings.broker_url
    if url.startswith("memory:"):
        return Finding("broker", State.ok, "in memory: one worker process with its own clock")
    try:
        with Connection(url, connect_timeout=3) as connection:
            connection.ensure_connection(max_retries=1, timeout=3)
    except Exception as error:  # every transport has its own kind of failure
        return Finding(
            "broker",
            State.failed,
            str(error) or type(error).__name__,
            "check BROKER_URL and that the broker runs",
        )
    return Finding("broker", State.ok, f"{urlsplit(url).scheme} answers")
