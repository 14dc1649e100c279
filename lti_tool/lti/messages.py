"""Verified LTI messages in our own words, as :mod:`lti_tool.lti.claims` makes them."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DeepLinkingSettings:
    """What a platform says about the items that it wants, and where they go."""

    return_url: str
    accept_types: frozenset[str]
    targets: tuple[str, ...]
    accept_multiple: bool
    accept_line_item: bool
    data: str | None


@dataclass(frozen=True, slots=True)
class GradeEndpoint:
    """Where a link's grades go, and what may be done there. ``line_item_url``: only where there is exactly one."""

    line_items_url: str | None = None
    line_item_url: str | None = None
    scopes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class GroupServiceOffer:
    """Where the context's groups and sets of groups are told (Course Groups Service 1.0)."""

    groups_url: str
    sets_url: str | None


@dataclass(frozen=True, slots=True)
class NoticeOffer:
    """Where the platform is told where its notices go. ``kinds``: those it has; none named may be any."""

    url: str
    scopes: frozenset[str]
    kinds: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Message:
    """A verified LTI message in our own words. ``link_id`` is empty where it is about no link."""

    deployment_id: str
    sub: str
    roles: tuple[str, ...]
    context_id: str
    context_title: str | None
    context_label: str | None
    link_id: str
    link_title: str | None
    custom: Mapping[str, str]
    name: str | None
    language: str | None
    time_zone: str | None
    return_url: str | None
    family: str | None
    platform_name: str | None
    # The platform's own id of itself, for its administrators to look up: it is not compared, see arrival.py.
    platform_guid: str | None
    members_url: str | None
    deep_linking: DeepLinkingSettings | None = None
    group_service: GroupServiceOffer | None = None
    grades: GradeEndpoint = GradeEndpoint()
    # The sub of whom a submission review is about.
    for_user: str | None = None
    notices: NoticeOffer | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """What a platform tells by itself. ``context_id``: that of a copied course, ``origins``: of what it was copied."""

    type: str
    deployment_id: str
    context_id: str | None
    origins: tuple[str, ...]
