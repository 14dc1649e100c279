"""Reports over files that cannot be read, and over statements that no LRS should hold: said plainly, never a 500."""

import pytest

from lti_tool.parts import Parts
from tests.lti_tool.web.gathering import read_back
from tests.lti_tool.web.reader import Reader
from tests.room import Room
from xapi.gathering.manifest import read_manifest


@pytest.mark.parametrize("spoilt", ["segment", "manifest"])
def test_what_cannot_be_read_is_not_readable_now(
    given: Parts, room: Room, instructor: Reader, spoilt: str
) -> None:
    folder = read_back(given, room).folder
    name = read_manifest(folder).segments[0].name if spoilt == "segment" else "manifest.json"
    (folder / name).write_bytes(b"")
    instructor.app.config["PROPAGATE_EXCEPTIONS"] = False
    for path in ("/reports/course", "/reports/course/network", "/reports/mine"):
        answer = instructor.get(path)
        assert answer.status_code == 503
        assert "cannot be read just now" in answer.text
