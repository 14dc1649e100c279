"""An app whose database is asked for nothing."""

from pathlib import Path

import pytest
from flask import Flask

from lti_tool.app import create_app
from lti_tool.config import read_settings
from lti_tool.parts import Parts


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    return create_app(Parts.of(read_settings({"ALONGSIDE_HOME": str(tmp_path)})))
