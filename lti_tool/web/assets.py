"""Where the built page assets are: file names carry a digest, and the build's manifest says which."""

import json
from functools import cache

from flask import Flask, url_for

from lti_tool.paths import static_folder


def register_assets(app: Flask) -> None:
    app.add_template_global(asset)


def asset(name: str) -> str:
    """The address of a built asset by its source's name, such as ``app.css``."""
    return url_for("static", filename=_manifest().get(name, name))


@cache
def _manifest() -> dict[str, str]:
    path = static_folder() / "manifest.json"
    return json.loads(path.read_text()) if path.exists() else {}
