"""A tool at each platform's services."""

import pytest

from tests.lti_tool.sandbox.conftest import Bench
from tests.lti_tool.sandbox.services.tool import Tool


@pytest.fixture
def tool(moodle: Bench) -> Tool:
    return Tool(moodle)


@pytest.fixture
def canvas_tool(canvas: Bench) -> Tool:
    return Tool(canvas)


@pytest.fixture(params=["moodle", "canvas"])
def either(request: pytest.FixtureRequest) -> Tool:
    return Tool(request.getfixturevalue(request.param))
