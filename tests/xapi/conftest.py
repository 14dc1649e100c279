"""What the tests of the bridge share."""

from tests.xapi.fixtures import bundled, clock, database, endpoint, fake_lrs, world

__all__ = ["bundled", "clock", "database", "endpoint", "fake_lrs", "world"]
