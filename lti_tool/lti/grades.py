"""The Assignment and Grade Services as we call them: line items, scores and results of one panel's link (LTI-AGS 2.0).

Nothing here touches the database. Moodle takes no `limit` on results, and compares the types in headers to the letter.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from lti_tool.lti.claim_fields import is_address
from lti_tool.lti.grade_queries import LINE_ITEM, RESULTS, SCORE, Destination, near
from lti_tool.lti.platforms import family_of
from lti_tool.lti.service_answers import FailureKind, ServiceAnswer, ServiceFailure, host_of
from lti_tool.lti.services import Services
from social_layer.text import storable

ITEM_TYPE = "application/vnd.ims.lis.v2.lineitem+json"
ITEMS_TYPE = "application/vnd.ims.lis.v2.lineitemcontainer+json"
SCORE_TYPE = "application/vnd.ims.lis.v1.score+json"
RESULTS_TYPE = "application/vnd.ims.lis.v2.resultcontainer+json"
# From when on a learner's work can be looked at from the grade book: as soon as there is any. Without an address of its
# own it opens at that of the link (LTI submission review, section 3.4).
REVIEW: Mapping[str, Any] = {
    "reviewableStatus": ["InProgress", "Submitted", "Completed"],
    "label": "Open in Alongside",
}
_MOST_PAGES = 500
_MOST_COMMENT = 10_000


@dataclass(frozen=True, slots=True)
class Item:
    """A line item as it is to be, or as the LMS has it."""

    label: str
    maximum: float
    tag: str
    resource_id: str
    resource_link_id: str | None = None
    url: str = ""

    def as_json(self) -> dict[str, Any]:
        told = {
            "label": self.label,
            "scoreMaximum": plain(self.maximum),
            "tag": self.tag,
            "resourceId": self.resource_id,
            "submissionReview": dict(REVIEW),
        }
        return told | ({"resourceLinkId": self.resource_link_id} if self.resource_link_id else {})


@dataclass(frozen=True, slots=True)
class Result:
    """What the LMS shows for one person; ``points`` None where it shows no grade. ``comment`` None: it does not say."""

    points: float | None
    maximum: float | None
    comment: str | None


@dataclass(frozen=True, slots=True)
class ScoreMessage:
    user_id: str
    points: float
    maximum: float
    comment: str
    at: datetime
    activity: str
    is_first: bool
    replaces: bool


class GradeBook:
    """The grade book behind one link. All calls raise :class:`~lti_tool.lti.service_answers.ServiceFailure`."""

    def __init__(self, lms: Services, destination: Destination) -> None:
        self._lms = lms
        self._to = destination
        self._family = family_of(destination.family)
        # One token for all of it.
        self._scopes = tuple(sorted(destination.scopes & {LINE_ITEM, SCORE, RESULTS}))

    def find(self, tag: str) -> list[Item]:
        """The line items that bear a stage's mark: a copied link has copies of those of its origin."""
        told = self._pages(with_query(self._items_url, tag=tag), ITEMS_TYPE)
        # A platform may know no filters.
        return [item for each in told if each.get("tag") == tag and (item := self._item(each))]

    def make(self, item: Item) -> Item:
        answer = self._lms.post(
            self._items_url, scope=self._scopes, json=item.as_json(), content_type=ITEM_TYPE, accept=ITEM_TYPE
        )
        told = answer.json
        made = self._item({**item.as_json(), **told}) if isinstance(told, dict) else None
        if made is None:
            raise _unusable(answer, "It made a line item and did not say where.")
        return made

    def change(self, url: str, item: Item) -> None:
        body = {"id": url, **item.as_json()}
        self._lms.put(url, scope=self._scopes, json=body, content_type=ITEM_TYPE, accept=ITEM_TYPE)

    def exists(self, url: str) -> bool:
        return self._look(url) is not None

    def remove(self, url: str, tag: str) -> bool:
        """Deletes a line item with all of its grades; False where it does not bear our mark, and stays."""
        answer = self._look(url)
        if answer is None:
            return True
        told = answer.json
        if not isinstance(told, dict) or told.get("tag") != tag:
            return False
        try:
            self._lms.delete(url, scope=self._scopes, accept="*/*")
        except ServiceFailure as failure:
            if failure.kind is not FailureKind.gone:
                raise
        return True

    def _look(self, url: str) -> ServiceAnswer | None:
        """None where it is not there."""
        try:
            return self._lms.get(url, scope=self._scopes, accept=ITEM_TYPE)
        except ServiceFailure as failure:
            if failure.kind is FailureKind.gone:
                return None
            raise

    def results(self, url: str, user_id: str | None = None) -> dict[str, Result]:
        """By the LMS's id of the person; of one person alone, where one is named."""
        asked = part_of(url, "results")
        found: dict[str, Result] = {}
        for told in self._pages(with_query(asked, user_id=user_id) if user_id else asked, RESULTS_TYPE):
            whose = told.get("userId")
            if isinstance(whose, str | int) and not isinstance(whose, bool):
                comment = told.get("comment")
                found[str(whose)] = Result(
                    _points(told.get("resultScore")),
                    _points(told.get("resultMaximum")),
                    storable(comment[:_MOST_COMMENT]) if isinstance(comment, str) else None,
                )
        return found

    def send(self, url: str, score: ScoreMessage) -> None:
        """Always with points and as final: whatever else some platforms take for a wish to erase the grade."""
        body: dict[str, Any] = {
            "userId": score.user_id,
            "scoreGiven": plain(score.points),
            "scoreMaximum": plain(score.maximum),
            "timestamp": score.at.isoformat(timespec="milliseconds"),
            "activityProgress": score.activity,
            "gradingProgress": "FullyGraded",
            **({"comment": score.comment} if score.comment else {}),
            **self._family.score_extension(is_first=score.is_first, replaces=score.replaces),
        }
        self._lms.post(
            part_of(url, "scores"), scope=self._scopes, json=body, content_type=SCORE_TYPE, accept="*/*"
        )

    def is_stale(self, failure: ServiceFailure) -> bool:
        return self._family.is_stale(failure.status, failure.said)

    @property
    def _items_url(self) -> str:
        return self._to.line_items_url or ""

    def _item(self, told: Mapping[str, Any]) -> Item | None:
        url, link = told.get("id"), told.get("resourceLinkId")
        # The token goes where the launch said and nowhere else.
        if not is_address(url) or not same_origin(str(url), self._items_url):
            return None
        return Item(
            label=str(told.get("label") or ""),
            maximum=_points(told.get("scoreMaximum")) or 0.0,
            tag=str(told.get("tag") or ""),
            resource_id=str(told.get("resourceId") or ""),
            resource_link_id=str(link) if link else None,
            url=str(url),
        )

    def _pages(self, url: str, media_type: str) -> Iterator[Mapping[str, Any]]:
        """All that a container lists, page by page."""
        first, seen = url, set()
        for _ in range(_MOST_PAGES):
            seen.add(url)
            answer = self._lms.get(url, scope=self._scopes, accept=media_type)
            listed = answer.json
            if not isinstance(listed, list):
                raise _unusable(answer, "The answer is no list.")
            yield from (each for each in listed if isinstance(each, dict))
            following = answer.next_url
            if not following or following in seen or not listed:
                return
            if not same_origin(following, first):
                raise _unusable(answer, "The next page is on another host.")
            url = following
        raise ServiceFailure(FailureKind.refused, 200, "The list has no end.", host_of(first))


def shows(result: Result | None, points: float | None, maximum: float | None) -> bool:
    """Whether the LMS shows these points, in whatever scale it has."""
    if result is None or result.points is None or points is None:
        return False
    if not result.maximum or not maximum:
        return near(result.points, points)
    return near(result.points * maximum / result.maximum, points)


def part_of(url: str, name: str) -> str:
    """`/scores` or `/results` behind the path of a line item's address, before its query (LTI-AGS 2.0, 3.3.1)."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{name}"))


def with_query(url: str, **more: str) -> str:
    parts = urlsplit(url)
    query = "&".join(filter(None, (parts.query, urlencode(more))))
    return urlunsplit(parts._replace(query=query))


def same_origin(one: str, other: str) -> bool:
    try:
        first, second = urlsplit(one), urlsplit(other)
        return (first.scheme, first.hostname, first.port) == (second.scheme, second.hostname, second.port)
    except ValueError:
        return False


def plain(points: float) -> float | int:
    """Whole points without a fraction, as people write them."""
    return int(points) if points == int(points) else points


def _points(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        return None
    return float(value) if abs(value) < 1e12 else None


def _unusable(answer: ServiceAnswer, said: str) -> ServiceFailure:
    return ServiceFailure(FailureKind.refused, answer.status, said, host_of(answer.url))
