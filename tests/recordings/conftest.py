"""The fixtures of launching."""

from tests.lti_tool.lti.fixtures import clock, given, settings

__all__ = ["clock", "given", "settings"]
