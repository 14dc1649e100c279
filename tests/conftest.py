"""What all tests share: the real parts that they run against."""

from tests.engines import share_compiled

pytest_plugins = ["tests.services.plugin", "tests.tables"]

share_compiled()
