"""A room whose panel is for groups, on a database of either make."""

import pytest

from social_layer.database import Database
from tests.social_layer.groups.divided import Divided


@pytest.fixture
def room(database: Database) -> Divided:
    return Divided(database).divide()
