"""What one LMS's services do differently from another's, as one interface; moodle.py and canvas.py fill it in."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple
from urllib.parse import urlencode

from flask import Request, Response

from lti_tool.sandbox.gradebook import Grade, LineItem
from lti_tool.sandbox.registrations import AGS, NAMES_AND_ROLES, NOTICES, SCOPES, Registration
from lti_tool.sandbox.world import Course, Link, Person, Role, World

if TYPE_CHECKING:
    from lti_tool.sandbox.launches import Launch

MEMBERS_TYPE = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
ITEM_TYPE = "application/vnd.ims.lis.v2.lineitem+json"
ITEMS_TYPE = "application/vnd.ims.lis.v2.lineitemcontainer+json"
SCORE_TYPE = "application/vnd.ims.lis.v1.score+json"
RESULTS_TYPE = "application/vnd.ims.lis.v2.resultcontainer+json"

AGS_CLAIM = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
PNS_CLAIM = "https://purl.imsglobal.org/spec/lti/claim/platformnotificationservice"
NRPS_CLAIM = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"


@dataclass(eq=False)
class ServiceRefusal(Exception):
    status: int
    reason: str


@dataclass(frozen=True)
class Shown:
    """What a platform tells about people."""

    names: bool
    email: bool


class Member(NamedTuple):
    """Made ten thousand at a time for a long roster, so as light as can be."""

    person: Person
    role: Role
    status: str


@dataclass(frozen=True)
class Page:
    """A part of a list: `total` of the whole, `start` of the first here, counted from 0."""

    start: int
    size: int
    total: int

    @property
    def next_start(self) -> int | None:
        following = self.start + self.size
        return following if following < self.total else None


class ServiceRules(ABC):
    scopes: ClassVar[tuple[str, ...]] = SCOPES
    members_rule: ClassVar[str]
    items_rule: ClassVar[str]
    item_rule: ClassVar[str]
    scores_rule: ClassVar[str]
    results_rule: ClassVar[str]
    """Flask's rules; `course` and `item` are what the platform writes there."""
    score_answers_empty: ClassVar[bool]

    def __init__(self, base: str) -> None:
        self.base = base

    # Addresses.

    @abstractmethod
    def members_url(self, course: Course, tool: Registration) -> str: ...

    @abstractmethod
    def items_url(self, course: Course, tool: Registration) -> str: ...

    @abstractmethod
    def item_url(self, course: Course, item: LineItem, tool: Registration, part: str = "") -> str:
        """The address of a line item, or of its `scores` or `results`."""

    @abstractmethod
    def course_of(self, world: World, named: str) -> Course:
        """The course an address names. Raises ServiceRefusal."""

    # What a launch says of the services.

    def claims(self, launch: "Launch") -> dict[str, Any]:
        tool, course = launch.registration, launch.course
        claims: dict[str, Any] = {}
        if graded := sorted(scope for scope in tool.scopes if scope.startswith(AGS)):
            endpoint = {"scope": graded, "lineitems": self.items_url(course, tool)}
            if launch.line_item:
                endpoint["lineitem"] = self.item_url(course, launch.line_item, tool)
            claims[AGS_CLAIM] = endpoint | self.unchecked
        if NAMES_AND_ROLES in tool.scopes:
            claims[NRPS_CLAIM] = {
                "context_memberships_url": self.members_url(course, tool),
                "service_versions": self.members_versions,
                **self.unchecked,
            }
        if NOTICES in tool.scopes:
            claims[PNS_CLAIM] = {
                "service_versions": ["1.0"],
                "platform_notification_service_url": self.notices_url(tool),
                "scope": [NOTICES],
                "notice_types_supported": ["LtiHelloWorldNotice", "LtiContextCopyNotice"],
                **self.unchecked,
            }
        return claims

    def notices_url(self, tool: Registration) -> str:
        return f"{self.base}/api/lti/notice-handlers/{tool.deployment_id}"

    @abstractmethod
    def context_json(self, course: Course) -> dict[str, Any]:
        """The context claim."""

    members_versions: ClassVar[list[str]] = ["2.0"]
    unchecked: ClassVar[dict[str, Any]] = {}
    """What Canvas adds to every claim."""

    # How requests are read and refused.

    @abstractmethod
    def refuse(self, refusal: ServiceRefusal, request: Request) -> Response: ...

    def check_accept(self, request: Request, wanted: str) -> None:
        """Raises ServiceRefusal."""
        accept = request.headers.get("Accept", "")
        if accept and "*/*" not in accept and wanted not in accept.lower():
            raise self.wrong_type(request, 406)

    def check_content(self, request: Request, wanted: str) -> None:
        """Raises ServiceRefusal."""
        if request.mimetype != wanted:
            raise self.wrong_type(request, 415)

    @abstractmethod
    def wrong_type(self, request: Request, status: int) -> ServiceRefusal: ...

    # Names and Roles.

    longest_page: ClassVar[int | None] = None

    def page_of_members(self, request: Request, total: int) -> Page:
        limit = whole(request.args.get("limit"))
        size = min(each for each in (limit, self.longest_page, total or 1) if each)
        return Page(self.start_of(request, size), size, total)

    @abstractmethod
    def start_of(self, request: Request, size: int) -> int: ...

    @abstractmethod
    def members_link(self, request: Request, url: str, page: Page) -> tuple[str, str] | None:
        """The name of the header and its value; None when the list ends here."""

    @abstractmethod
    def members_in_order(self, members: Sequence[Member]) -> list[Member]: ...

    @abstractmethod
    def member(self, member: Member, shown: Shown, link: Link | None) -> dict[str, Any]: ...

    @abstractmethod
    def has_role(self, member: Member, role: str) -> bool:
        """Whether the `role` filter lets the member through; the role is short or a full IRI."""

    # Assignment and Grades.

    @abstractmethod
    def item_json(
        self, course: Course, item: LineItem, tool: Registration, world: World
    ) -> dict[str, Any]: ...

    @abstractmethod
    def page_of_items(self, request: Request, url: str, total: int) -> tuple[Page, str]:
        """Which line items are shown, and the Link header."""

    @abstractmethod
    def stale(self, item: LineItem, person: Person, timestamp: str) -> ServiceRefusal:
        """A score that is not later than the last."""

    @abstractmethod
    def not_gradable(self, received: str) -> ServiceRefusal:
        """A score for somebody who does not learn in the course."""

    @abstractmethod
    def result_json(
        self, course: Course, item: LineItem, tool: Registration, person: Person, grade: Grade
    ) -> dict[str, Any]: ...

    @abstractmethod
    def page_of_results(self, request: Request, url: str, total: int) -> tuple[Page, str]: ...


def whole(text: str | None) -> int | None:
    """A positive whole number of a query, or None."""
    return int(text) if text and text.isdecimal() and int(text) > 0 else None


def with_query(url: str, **more: Any) -> str:
    joined = urlencode({name: value for name, value in more.items() if value is not None})
    return f"{url}{'&' if '?' in url else '?'}{joined}" if joined else url
