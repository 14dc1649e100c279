"""LTI 1.3 as a tool speaks it: login, launch, keys and registrations."""

from lti_tool.lti import connecting, notices
from lti_tool.lti.views import blueprint

__all__ = ["blueprint", "connecting", "notices"]
