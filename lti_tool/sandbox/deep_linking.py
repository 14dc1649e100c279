"""Deep Linking 2.0, the platform's side: the way to the tool's page and back, and the links that come of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from lti_tool.sandbox.grants import LEEWAY, GrantRefused, verified_by_tool
from lti_tool.sandbox.launches import DEEP_LINKING, Launch, LaunchOptions
from lti_tool.sandbox.profiles import CLAIM
from lti_tool.sandbox.registrations import Registration
from lti_tool.sandbox.world import Course, Link, Person, Unknown

if TYPE_CHECKING:
    from lti_tool.sandbox.platform import Sandbox

DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
WAY_BACK_LIFE = timedelta(hours=2)
LONGEST_TITLE = 255
"""Moodle's column; what is longer is cut."""


@dataclass(eq=False)
class Refused(Exception):
    """The tool's answer is not one that may be believed, or not one the platform can use."""

    sentence: str


@dataclass(frozen=True)
class WayBack:
    """What a return address stands for; `sesskey` in it is all that the browser carries."""

    sesskey: str
    person: Person
    course: Course
    tool: Registration
    data: str
    begun_at: datetime
    placement: str = ""


@dataclass(frozen=True)
class Placed:
    """What came of one answer of the tool."""

    course: Course
    person: Person
    links: tuple[Link, ...] = ()
    message: str = ""
    error: str = ""
    again: bool = False
    """The same answer had come before: nothing was added this time."""


@dataclass
class DeepLinks:
    sandbox: "Sandbox"
    ways_back: dict[str, WayBack] = field(default_factory=dict)
    answered: dict[tuple[str, str], tuple[str, Placed]] = field(default_factory=dict)
    """By client id and nonce: the token, and what came of it."""

    def begin(
        self,
        user: str | Person,
        course: str,
        client_id: str = "",
        options: LaunchOptions | None = None,
        placement: str = "",
    ) -> tuple[Launch, dict[str, str]]:
        """A deep linking launch and the parameters of its login; a placement is where it is to stand in Canvas.

        Raises Unknown.
        """
        sandbox = self.sandbox
        with sandbox.lock:
            person = user if isinstance(user, Person) else sandbox.world.person(user)
            here = sandbox.world.course(course)
            if not sandbox.world.may_edit(person, here):
                raise Unknown(f"{person.name} may not add activities to {here.title}")
            tool = sandbox.tools.get(client_id or sandbox.registration.client_id)
            if tool is None or not tool.active or not tool.deep_linking_url:
                raise Unknown("This tool offers nothing to choose from")
            way = WayBack(
                f"{sandbox.randomness.getrandbits(50):010x}",
                person,
                here,
                tool,
                f"{sandbox.randomness.getrandbits(128):032x}",
                sandbox.config.clock(),
                placement,
            )
            self._forget_old(way.begun_at)
            self.ways_back[way.sesskey] = way
            query = urlencode({"course": here.id, "id": tool.deployment_id, "sesskey": way.sesskey})
            return_url = f"{sandbox.config.base}/deep_linking_return?{query}"
            nowhere = Link("", "", here.key, tool.name, client_id=tool.client_id, placement=placement)
            return sandbox.begin_launch(
                person,
                nowhere,
                options,
                message=DEEP_LINKING,
                target_link_uri=tool.deep_linking_url,
                settings=sandbox.profile.deep_linking_settings(return_url, way.data),
            )

    def accept(self, sesskey: str, token: str) -> Placed:
        """What the tool's answer adds to the course, once. Raises Refused."""
        sandbox = self.sandbox
        with sandbox.lock:
            self._forget_old(sandbox.config.clock())
            way = self.ways_back.get(sesskey)
        if way is None:
            raise Refused("This page was left too long ago. Start again from the course.")
        # Not under the lock: the tool's keys are fetched for this.
        claims = self._verified(token, way)
        with sandbox.lock:
            before = self.answered.get((way.tool.client_id, claims["nonce"]))
            if before and before[0] == token:
                return Placed(before[1].course, before[1].person, before[1].links, again=True)
            if before:
                raise Refused("The nonce of this answer was used before.")
            items = claims.get(f"{DL}content_items", [])
            if not isinstance(items, list):
                raise Refused("content_items must be a list.")
            checked = [self._checked(item, way.tool) for item in items]
            placed = Placed(
                way.course,
                way.person,
                tuple(self._place(item, way) for item in checked),
                message=_text(claims.get(f"{DL}msg")),
                error=_text(claims.get(f"{DL}errormsg")),
            )
            self.answered[way.tool.client_id, claims["nonce"]] = (token, placed)
            sandbox.save()
            return placed

    def _verified(self, token: str, way: WayBack) -> dict[str, Any]:
        try:
            claims = verified_by_tool(token, way.tool, self.sandbox.http)
        except GrantRefused as refusal:
            raise Refused(f"The answer cannot be trusted: {refusal.description}.") from refusal
        issuer, audience = self.sandbox.profile.issuer, claims.get("aud")
        now = self.sandbox.config.clock().timestamp()
        exp, iat = claims.get("exp"), claims.get("iat")
        checks = {
            "iss must be the client id": claims.get("iss") == way.tool.client_id,
            f"aud must be {issuer}": issuer in (audience if isinstance(audience, list) else [audience]),
            "exp is missing or over": isinstance(exp, int) and exp >= now - LEEWAY,
            "iat is missing or in the future": isinstance(iat, int) and iat <= now + LEEWAY,
            "nonce is missing": isinstance(claims.get("nonce"), str) and bool(claims["nonce"]),
            "message_type is wrong": claims.get(f"{CLAIM}message_type") == "LtiDeepLinkingResponse",
            "version must be 1.3.0": claims.get(f"{CLAIM}version") == "1.3.0",
            "deployment_id is another": claims.get(f"{CLAIM}deployment_id") == way.tool.deployment_id,
            "data must come back as it was sent": "data" not in self._settings(way)
            or claims.get(f"{DL}data") == way.data,
        }
        if failed := [what for what, holds in checks.items() if not holds]:
            raise Refused(f"The answer cannot be trusted: {failed[0]}.")
        return claims

    def _settings(self, way: WayBack) -> dict[str, Any]:
        return self.sandbox.profile.deep_linking_settings("", way.data)

    def _checked(self, item: Any, tool: Registration) -> dict[str, Any]:
        if not isinstance(item, dict) or item.get("type") != "ltiResourceLink":
            raise Refused("Only items of the type ltiResourceLink can be added.")
        for name in ("title", "text", "url"):
            if not isinstance(item.get(name, ""), str):
                raise Refused(f"{name} of an item must be text.")
        if url := item.get("url"):
            homes = {urlsplit(each).netloc for each in (*tool.launch_urls, tool.target_link_uri)}
            if urlsplit(url).netloc not in homes:
                raise Refused(f"The tool cannot add an item at {urlsplit(url).netloc}.")
        custom = item.get("custom", {})
        if not isinstance(custom, dict) or not all(isinstance(each, str) for each in custom.values()):
            raise Refused("custom of an item must be texts by name.")
        for name in ("available", "submission"):
            dates = item.get(name, {})
            if not isinstance(dates, dict) or not all(_is_date(each) for each in dates.values()):
                raise Refused(f"{name} of an item must hold dates with a time zone.")
        _check_line_item(item.get("lineItem"))
        return item

    def _place(self, item: Mapping[str, Any], way: WayBack) -> Link:
        sandbox = self.sandbox
        title = item.get("title") or way.tool.name
        link = sandbox.add_link(
            f"placed-{len(sandbox.world.links) + 1}",
            way.course.key,
            title[:LONGEST_TITLE],
            description=item.get("text", ""),
            custom=item.get("custom", {}),
            target_link_uri=item.get("url", ""),
            client_id=way.tool.client_id,
            placement=way.placement,
            deep_linked=True,
            available=item.get("available", {}),
            submission=item.get("submission", {}),
        )
        if graded := item.get("lineItem"):
            # Moodle calls the line item like the activity, whatever the tool said.
            label = link.title if sandbox.config.profile == "moodle" else graded.get("label") or link.title
            sandbox.gradebook.add(
                way.course.key,
                way.tool.client_id,
                label,
                graded["scoreMaximum"],
                resource_id=graded.get("resourceId", ""),
                tag=graded.get("tag", ""),
                link=link.key,
                submission_review=graded.get("submissionReview"),
            )
        return link

    def _forget_old(self, now: datetime) -> None:
        for sesskey in [k for k, way in self.ways_back.items() if now - way.begun_at > WAY_BACK_LIFE]:
            del self.ways_back[sesskey]


def _check_line_item(given: Any) -> None:
    if given is None:
        return
    maximum = given.get("scoreMaximum") if isinstance(given, dict) else None
    if not isinstance(maximum, int | float) or isinstance(maximum, bool) or maximum <= 0:
        raise Refused("lineItem needs a scoreMaximum above 0.")
    if not all(isinstance(given.get(name, ""), str) for name in ("label", "resourceId", "tag")):
        raise Refused("label, resourceId and tag of a lineItem must be text.")
    review = given.get("submissionReview", {})
    if not isinstance(review, dict) or not isinstance(review.get("custom", {}), dict):
        raise Refused("submissionReview of a lineItem must be an object.")


def _is_date(value: Any) -> bool:
    try:
        return value is None or datetime.fromisoformat(value).tzinfo is not None
    except (TypeError, ValueError):
        return False


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
