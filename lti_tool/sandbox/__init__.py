"""A small, strict LTI 1.3 platform to try the tool with: two courses, nine people, every bad payload.

Independent of the tool: nothing here is imported from the rest of the project but the folder of the templates.
"""

from lti_tool.sandbox.app import Running, create_sandbox, sandbox_of, serve, start
from lti_tool.sandbox.config import SandboxConfig
from lti_tool.sandbox.gradebook import Grade, LineItem
from lti_tool.sandbox.launches import Launch, LaunchOptions
from lti_tool.sandbox.oidc import authorize
from lti_tool.sandbox.payloads import BAD_PAYLOADS, BEYOND, VALID_LAUNCHES, NothingToReplay, Variation
from lti_tool.sandbox.platform import Sandbox
from lti_tool.sandbox.registrations import Registration
from lti_tool.sandbox.tokens import KeyRing
from lti_tool.sandbox.world import Course, Lesson, Link, Person, Role

__all__ = [
    "BAD_PAYLOADS",
    "BEYOND",
    "VALID_LAUNCHES",
    "Course",
    "Grade",
    "KeyRing",
    "Launch",
    "LaunchOptions",
    "Lesson",
    "LineItem",
    "Link",
    "NothingToReplay",
    "Person",
    "Registration",
    "Role",
    "Running",
    "Sandbox",
    "SandboxConfig",
    "Variation",
    "authorize",
    "create_sandbox",
    "sandbox_of",
    "serve",
    "start",
]
