"""Which built page assets go into the wheel: those of the newest build, and not the ones before it.

build.mjs keeps these for pages that are open while a developer, or a server that runs from a checkout, builds anew.
"""

import json
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

STATIC = "lti_tool/static"


class NewestAssets(BuildHookInterface):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        builds = Path(self.root, STATIC, "builds.json")
        if builds.exists():
            files = ["manifest.json", *json.loads(builds.read_text())[0]]
        else:
            files = ["**"]  # in a source distribution there are no others
        build_data["artifacts"] += [f"/{STATIC}/{name}" for name in files]
