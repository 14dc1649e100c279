"""What the tests of faults share."""

from tests.xapi.fixtures import clock, database, fake_lrs, world

__all__ = ["clock", "database", "fake_lrs", "world"]
