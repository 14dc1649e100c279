"""The claims of an LTI message, as JSON types and lengths that the rest may rely on.

Ids must be right or the message is refused; titles and names for people are tidied and cut. An absent claim, a JSON
null and a variable that the platform left as it was (`$Foo`) are the same.
"""

from collections.abc import Mapping
from typing import Any, cast

from marshmallow import ValidationError, fields, post_load, validate

from lti_tool.lti.claim_fields import (
    MOST_ORIGINS,
    MOST_ROLES,
    MOST_TEXT,
    NAME,
    UNPRINTABLE,
    Claims,
    Id,
    Returned,
    Values,
    Words,
    as_address,
    as_language,
    is_address,
)
from lti_tool.lti.messages import (
    DeepLinkingSettings,
    GradeEndpoint,
    GroupServiceOffer,
    Message,
    Notice,
    NoticeOffer,
)
from lti_tool.lti.models import ID_LENGTH, URL_LENGTH
from lti_tool.moments import as_time_zone

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
NAMES_AND_ROLES_CLAIM = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
GRADES_CLAIM = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
VERSION = "1.3.0"
RESOURCE_LINK_REQUEST = "LtiResourceLinkRequest"
DEEP_LINKING_REQUEST = "LtiDeepLinkingRequest"
DEEP_LINKING_CLAIM = "https://purl.imsglobal.org/spec/lti-dl/claim/"
SUBMISSION_REVIEW_REQUEST = "LtiSubmissionReviewRequest"
# The custom parameter by which a deep link names its own panel, so that several embeds of one resource link differ.
# In small letters without spaces: Moodle sends other keys twice.
PANEL_PARAMETER = "alongside_panel"
# The template that a link's panel is made from: what a course copy carries (ADR 11).
TEMPLATE_PARAMETER = "alongside_template"
TIME_ZONE_PARAMETER = "time_zone"
CONTEXT_COPIED = "LtiContextCopyNotice"
NOTICE_SERVICE = f"{CLAIM}platformnotificationservice"
GROUP_SERVICE = "https://purl.imsglobal.org/spec/lti-gs/claim/groupsservice"
# Ids of what the course and the link are copies of, the nearest first.
CONTEXT_HISTORY_PARAMETER = "context_history"
LINK_HISTORY_PARAMETER = "link_history"


class ContextClaim(Claims):
    # An empty id is taken for no context at all.
    id = fields.String(load_default="")
    label = Words(load_default=None)
    title = Words(load_default=None)


class LinkClaim(Claims):
    id = Id(required=True)
    title = Words(load_default=None)


class PresentationClaim(Claims):
    locale = Words(load_default=None)
    return_url = fields.String(load_default=None)
    document_target = Words(load_default=None)


class PlatformClaim(Claims):
    product_family_code = Words(load_default=None)
    name = Words(load_default=None)
    guid = Words(load_default=None)


class MembersClaim(Claims):
    """Where the members of the context are listed (Names and Roles 2.0, section 3.6.1.1)."""

    context_memberships_url = fields.String(load_default=None)
    service_versions = fields.List(fields.String(), load_default=None)

    @post_load
    def address(self, found: dict[str, Any], **_: Any) -> str | None:
        """None where there is none of use: older versions answer in another form."""
        url: str = found["context_memberships_url"] or ""
        versions = found["service_versions"]
        usable = 0 < len(url) <= URL_LENGTH and not UNPRINTABLE.search(url)
        return url if usable and (not versions or "2.0" in versions) else None


class DeepLinkingClaim(Claims):
    """LTI deep linking, section 4.4.1. Some platforms say true and false in words."""

    deep_link_return_url = fields.Url(
        required=True, require_tld=False, schemes={"http", "https"}, validate=validate.Length(max=URL_LENGTH)
    )
    accept_types = fields.List(fields.String(), required=True, validate=validate.Length(max=MOST_ROLES))
    accept_presentation_document_targets = fields.List(
        fields.String(), required=True, validate=validate.Length(max=MOST_ROLES)
    )
    # Not said: one item is always safe, and a line item is at worst passed over.
    accept_multiple = fields.Boolean(load_default=False)
    accept_lineitem = fields.Boolean(load_default=True)
    data = Returned(load_default=None)

    @post_load
    def whole(self, found: dict[str, Any], **_: Any) -> DeepLinkingSettings:
        return DeepLinkingSettings(
            return_url=found["deep_link_return_url"],
            accept_types=frozenset(found["accept_types"]),
            targets=tuple(found["accept_presentation_document_targets"]),
            accept_multiple=found["accept_multiple"],
            accept_line_item=found["accept_lineitem"],
            data=found["data"],
        )


class GradesClaim(Claims):
    """LTI-AGS 2.0, section 3.1. Addresses that are none are left out."""

    lineitems = fields.String(load_default=None)
    lineitem = fields.String(load_default=None)
    scope = fields.List(
        fields.String(validate=validate.Length(max=ID_LENGTH)),
        load_default=list,
        validate=validate.Length(max=MOST_ROLES),
    )

    @post_load
    def endpoint(self, found: dict[str, Any], **_: Any) -> GradeEndpoint:
        # A name with a space in it would be two in the row that keeps them.
        scopes = frozenset(scope for scope in found["scope"] if NAME.fullmatch(scope))
        return GradeEndpoint(as_address(found["lineitems"]), as_address(found["lineitem"]), scopes)


class ForUserClaim(Claims):
    """Whose work is to be shown (LTI submission review, section 3)."""

    user_id = Id(required=True)


class MessageClaims(Claims):
    """What every message needs, whatever its type (LTI core, section 5.3 and 5.4)."""

    version = fields.String(data_key=CLAIM + "version", required=True, validate=validate.Equal(VERSION))
    message_type = Id(data_key=CLAIM + "message_type", required=True)


class LaunchClaims(MessageClaims):
    """The claims of a launch that we use, checked; see LTI core, section 5.3 and 5.4."""

    deployment_id = Id(data_key=CLAIM + "deployment_id", required=True)
    sub = Id(required=True)
    # An empty list must pass: somebody without a role.
    roles = fields.List(
        fields.String(validate=validate.Length(max=512)),
        data_key=CLAIM + "roles",
        required=True,
        validate=validate.Length(max=MOST_ROLES),
    )
    target_link_uri = fields.String(data_key=CLAIM + "target_link_uri", load_default=None)
    context = fields.Nested(ContextClaim, data_key=CLAIM + "context", load_default=None)
    presentation = fields.Nested(PresentationClaim, data_key=CLAIM + "launch_presentation", load_default=None)
    platform = fields.Nested(PlatformClaim, data_key=CLAIM + "tool_platform", load_default=None)
    group_service = fields.Raw(data_key=GROUP_SERVICE, load_default=None)
    notices = fields.Raw(data_key=NOTICE_SERVICE, load_default=None)
    members_url = fields.Nested(MembersClaim, data_key=NAMES_AND_ROLES_CLAIM, load_default=None)
    grades = fields.Nested(GradesClaim, data_key=GRADES_CLAIM, load_default=GradeEndpoint())
    custom = Values(keys=fields.String(), data_key=CLAIM + "custom", load_default=dict)
    name = Words(load_default=None)
    given_name = Words(load_default=None)
    family_name = Words(load_default=None)
    # Of no use here and not kept; a message whose types are wrong is refused all the same.
    email = Words(load_default=None)
    locale = Words(load_default=None)
    zoneinfo = Words(load_default=None)

    @post_load
    def in_our_words(self, found: dict[str, Any], **_: Any) -> Message:
        context = found["context"] or {}
        context = context if context.get("id") else {}
        presentation = found["presentation"] or {}
        platform = found["platform"] or {}
        context_id = context.get("id", "")
        if len(context_id) > ID_LENGTH or UNPRINTABLE.search(context_id):
            raise ValidationError({CLAIM + "context": ["not an id of 1 to 255 printable characters"]})
        return Message(
            deployment_id=found["deployment_id"],
            sub=found["sub"],
            roles=tuple(found["roles"]),
            context_id=context_id,
            context_title=context.get("title"),
            context_label=context.get("label"),
            link_id=found["link"]["id"] if "link" in found else "",
            link_title=found["link"]["title"] if "link" in found else None,
            custom=found["custom"],
            name=_name_of(found),
            language=as_language(presentation.get("locale")) or as_language(found["locale"]),
            time_zone=as_time_zone(found["custom"].get(TIME_ZONE_PARAMETER))
            or as_time_zone(found["zoneinfo"]),
            return_url=presentation.get("return_url"),
            family=platform.get("product_family_code"),
            platform_name=platform.get("name"),
            platform_guid=platform.get("guid"),
            group_service=_group_service(found["group_service"]),
            members_url=found["members_url"],
            deep_linking=found.get("deep_linking"),
            grades=found["grades"],
            for_user=found.get("for_user", {}).get("user_id"),
            notices=_notice_offer(found["notices"]),
        )


class ResourceLinkClaims(LaunchClaims):
    link = fields.Nested(LinkClaim, data_key=CLAIM + "resource_link", required=True)


class DeepLinkingClaims(LaunchClaims):
    deep_linking = fields.Nested(
        DeepLinkingClaim, data_key=DEEP_LINKING_CLAIM + "deep_linking_settings", required=True
    )


class SubmissionReviewClaims(ResourceLinkClaims):
    """LTI submission review: a launch of a link that also says whose work is to be shown."""

    for_user = fields.Nested(ForUserClaim, data_key=CLAIM + "for_user", required=True)


class NoticeClaim(Claims):
    id = Id(required=True)
    type = Id(required=True)


class NoticeClaims(Claims):
    """Platform Notification Service, section 4.2, and the notice of a copied context, section 5.2."""

    version = fields.String(data_key=CLAIM + "version", required=True, validate=validate.Equal(VERSION))
    deployment_id = Id(data_key=CLAIM + "deployment_id", required=True)
    notice = fields.Nested(NoticeClaim, data_key=CLAIM + "notice", required=True)
    context = fields.Nested(LinkClaim, data_key=CLAIM + "context", load_default=None)
    origins = fields.List(
        Id(),
        data_key=CLAIM + "origin_contexts",
        load_default=list,
        validate=validate.Length(max=MOST_ORIGINS),
    )

    @post_load
    def in_our_words(self, found: dict[str, Any], **_: Any) -> Notice:
        context = found["context"] or {}
        return Notice(
            found["notice"]["type"], found["deployment_id"], context.get("id"), tuple(found["origins"])
        )


_NOTICE = NoticeClaims()
_MESSAGE = MessageClaims()
# What is understood, by the message's type.
_LAUNCHES: Mapping[str, LaunchClaims] = {
    RESOURCE_LINK_REQUEST: ResourceLinkClaims(),
    DEEP_LINKING_REQUEST: DeepLinkingClaims(),
    SUBMISSION_REVIEW_REQUEST: SubmissionReviewClaims(),
}
MESSAGES = tuple(_LAUNCHES)


def notice_in(claims: Mapping[str, Any]) -> Notice:
    """Raises `marshmallow.ValidationError` with the claims that are wrong."""
    return cast(Notice, _NOTICE.load(claims))


def message_type(claims: Mapping[str, Any]) -> str:
    """The type of a message of the right version; raises `marshmallow.ValidationError`."""
    return cast(str, cast(dict[str, Any], _MESSAGE.load(claims))["message_type"])


def launch_message(claims: Mapping[str, Any]) -> Message:
    """The message in our words, as a resource link launch where it does not say what it is.

    Raises `marshmallow.ValidationError` with the claims that are wrong.
    """
    told = claims.get(f"{CLAIM}message_type")
    schema = _LAUNCHES.get(told if isinstance(told, str) else "", _LAUNCHES[RESOURCE_LINK_REQUEST])
    return cast(Message, schema.load(claims))


def _group_service(told: Any) -> GroupServiceOffer | None:
    """The panel works without it, so that a claim of another form is left out and refuses nobody."""
    if not isinstance(told, Mapping):
        return None
    groups, sets = told.get("context_groups_url"), told.get("context_group_sets_url")
    if not is_address(groups):
        return None
    return GroupServiceOffer(str(groups), str(sets) if is_address(sets) else None)


def _notice_offer(told: Any) -> NoticeOffer | None:
    """As with groups: nobody is refused because of it (Platform Notification Service 1.0, section 3.1)."""
    if not isinstance(told, Mapping):
        return None
    url, versions = told.get("platform_notification_service_url"), told.get("service_versions")
    if not is_address(url) or (versions and "1.0" not in _names(versions)):
        return None
    return NoticeOffer(str(url), _names(told.get("scope")), _names(told.get("notice_types_supported")))


def _names(told: Any) -> frozenset[str]:
    listed = told[:MOST_ROLES] if isinstance(told, list) else []
    return frozenset(one for one in listed if isinstance(one, str) and NAME.fullmatch(one))


def _name_of(found: Mapping[str, Any]) -> str | None:
    parts = [found["given_name"], found["family_name"]]
    whole: str | None = found["name"]
    return whole or " ".join(part for part in parts if part)[:MOST_TEXT] or None
