"""The fixtures of launching."""

from tests.lti_tool.lti.fixtures import canvas, clock, course, given, running_sandboxes, settings

__all__ = ["canvas", "clock", "course", "given", "running_sandboxes", "settings"]
