"""Where the built page assets are: file names carry a digest, and the build's manifest says which."""

import json
import time
from functools import lru_cache
from pathlib import Path

from flask import Flask, current_app, request

from lti_tool.paths import static_folder


def register_assets(app: Flask) -> None:
    app.add_template_global(asset)


def asset(name: str) -> str:
    """The address of a built asset by its source's name, such as ``app.css``."""
    # As `url_for("static", …)` has it, which takes ten times as long; every page asks twice.
    built = _names_at(int(time.monotonic())).get(name, name)
    return f"{request.script_root}{current_app.static_url_path}/{built}"


def names(folder: Path) -> dict[str, str]:
    """Source's name → what the last build called it. Read again after a build, which a running server outlives."""
    path = folder / "manifest.json"
    try:
        return _read(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        return {}


@lru_cache(1)
def _names_at(_second: int) -> dict[str, str]:
    """Looked for once a second, and not twice a page."""
    return names(static_folder())


@lru_cache(1)
def _read(path: Path, _changed: int) -> dict[str, str]:
    found: dict[str, str] = json.loads(path.read_text())
    return found
