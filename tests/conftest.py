"""What all tests share: the real parts that they run against."""

pytest_plugins = ["tests.services.plugin", "tests.tables"]
