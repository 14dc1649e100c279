"""What a sandbox keeps from one start to the next: keys, ids and tools, in a file that only its owner reads."""

import json
import os
from pathlib import Path
from typing import Any


def keep(path: Path, state: dict[str, Any]) -> None:
    # Private keys: readable by their owner only, and never half written.
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(state, file)
    draft.replace(path)


def kept_before(path: Path | None, profile: str) -> dict[str, Any]:
    """What an earlier start kept; nothing when it ran under another profile, whose ids look different."""
    if path is None or not path.exists():
        return {}
    try:
        stored = json.loads(path.read_text())
    except ValueError:
        stored = None
    if not isinstance(stored, dict):
        raise ValueError(f"{path}: not a state file of the sandbox; remove it to start afresh")
    return stored if stored.get("profile") == profile else {}
