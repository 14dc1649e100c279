"""The pages' assets: built again while the tool runs and pages are open."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lti_tool.paths import PACKAGE
from lti_tool.web.assets import names
from tests.services.find import node


@pytest.fixture
def build(tmp_path: Path) -> Callable[[str], dict[str, str]]:
    """Builds with one more rule at the end of the style; answers what each source is called then."""
    shutil.copytree(PACKAGE / "assets", tmp_path / "lti_tool" / "assets")
    (tmp_path / "node_modules").symlink_to(PACKAGE.parent / "node_modules")
    style = tmp_path / "lti_tool" / "assets" / "app.css"
    original = style.read_text()

    def run(rule: str) -> dict[str, str]:
        style.write_text(f"{original}\n{rule}\n")
        subprocess.run([node(), "lti_tool/assets/build.mjs"], cwd=tmp_path, check=True, capture_output=True)
        return names(tmp_path / "lti_tool" / "static")

    return run


def test_pages_of_the_builds_before_find_their_files(
    build: Callable[[str], dict[str, str]], tmp_path: Path
) -> None:
    static = tmp_path / "lti_tool" / "static"
    first = build("")
    assert build("") == first
    following = [build(f".a {{ order: {number} }}") for number in range(3)]
    assert len({made["app.css"] for made in (first, *following)}) == 4
    for made in following:
        assert all((static / file).is_file() for file in made.values())
    assert not (static / first["app.css"]).exists()
    # What did not change is the same file in each build.
    assert (static / first["app.js"]).is_file()


def test_a_running_server_learns_of_a_build(tmp_path: Path) -> None:
    assert names(tmp_path) == {}
    for number in (1, 2):
        draft = tmp_path / "new"
        draft.write_text(json.dumps({"app.js": f"app-{number}.js"}))
        draft.rename(tmp_path / "manifest.json")
        assert names(tmp_path) == {"app.js": f"app-{number}.js"}
