"""Engines of a test run share what they know of SQL: each test has its own, and would compile each statement anew."""

from typing import Any

from sqlalchemy import Engine, event

import social_layer.database

_create_engine = social_layer.database.create_engine
_known: dict[tuple[str, str], tuple[Any, Any]] = {}


def share_compiled() -> None:
    """What was compiled is kept by dialect, and each engine makes its own: here those of a kind share one."""
    made: Any = social_layer.database
    made.create_engine = _create


def _create(*arguments: Any, **options: Any) -> Engine:
    engine: Any = _create_engine(*arguments, **options)
    kind = (engine.dialect.name, engine.dialect.driver)
    if kind in _known:
        engine.dialect, engine._compiled_cache = _known[kind]
        engine.pool._dialect = engine.dialect
    else:
        # Not before it has met its database, from which it learns what is possible.
        engine._compiled_cache.capacity = 5000
        known = (engine.dialect, engine._compiled_cache)
        event.listen(engine, "connect", lambda *_: _known.setdefault(kind, known), once=True)
    found: Engine = engine
    return found
