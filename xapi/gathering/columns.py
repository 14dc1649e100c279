"""The row that a statement is kept as, and its types in the Parquet segments.

Times are UTC without a zone. What is not known is null. Only what reports are made from is kept: no text that a
learner wrote, no name but that of an actor whom the scope names, and of what a formal result is about.
"""

from typing import Any

Row = dict[str, Any]

# Name → DuckDB type.
COLUMNS = {
    "id": "UUID",
    "stored": "TIMESTAMP",
    "happened": "TIMESTAMP",
    # `homePage|name`, else the mbox, mbox_sha1sum or openid.
    "person": "VARCHAR",
    "actor_name": "VARCHAR",
    "verb": "VARCHAR",
    # The activity's id and the type in its definition; null where the object is no activity.
    "object": "VARCHAR",
    "object_type": "VARCHAR",
    # The statement named in the context: what was answered.
    "answers": "UUID",
    "registration": "UUID",
    # The activity of the type course around it, or the object itself: ours, or the LMS's own.
    "course": "VARCHAR",
    "panel": "VARCHAR",
    # The ids of all activities that are parent or grouping.
    "around": "VARCHAR[]",
    # Which reaction.
    "detail": "VARCHAR",
    # Seconds.
    "duration": "DOUBLE",
    "success": "BOOLEAN",
    "completion": "BOOLEAN",
    "scaled": "DOUBLE",
    "raw": "DOUBLE",
    "raw_min": "DOUBLE",
    "raw_max": "DOUBLE",
    # From 0 to 1, where somebody is said to have come so far.
    "progress": "DOUBLE",
    # Written under our own profile.
    "ours": "BOOLEAN",
    "platform": "VARCHAR",
    # What a formal result says: completed, passed …; null for all else, and for ours.
    "outcome": "VARCHAR",
    # Whose formal result it is: cmi5, scorm, moodle, openedx, other.
    "source": "VARCHAR",
    # What the formal result is about, as its definition calls it.
    "name": "VARCHAR",
    # The statement that this one voids.
    "voids": "UUID",
    # Of somebody who was erased: nothing but id and time is left, so that it is not read in again.
    "erased": "BOOLEAN",
}

# How DuckDB reads a drafted line of JSON; what is not what it should be becomes null.
DRAFTED = {name: "VARCHAR" if kind in ("UUID", "TIMESTAMP") else kind for name, kind in COLUMNS.items()}
