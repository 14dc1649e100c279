"""All addresses of LTI. Apart from the package, so that whoever needs its tables does not import its pages."""

from lti_tool.lti import connecting, notices
from lti_tool.lti.views import blueprint

__all__ = ["blueprint", "connecting", "notices"]
