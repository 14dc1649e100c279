"""Whether an LRS holds our statement, or another one under its id (xAPI Data 2.3.1)."""

from typing import Any

from xapi.lrs.comparison import same_statement
from xapi.lrs.validation import validate_statement

_ADDED_BY_LRS = frozenset({"authority", "stored", "version"})


def same(ours: dict[str, Any], theirs: dict[str, Any]) -> bool:
    """By the rules by which the bundled LRS itself tells a repetition from a conflict."""
    theirs = {key: value for key, value in theirs.items() if key not in _ADDED_BY_LRS}
    try:
        return not validate_statement(theirs, version="2.0.0") and same_statement(ours, theirs)
    except RecursionError:  # nothing of ours is nested so deep
        return False
