"""Tables of the protocol: platforms and deployments, what their ids mean to us, logins under way, keys, frames.

Protocol ids stay here. What they stand for below (courses, panels) is found through `lti_context` and `lti_link`.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from social_layer.database import Base, Tenanted, of_tenant, refers_to

ID_LENGTH = 255
URL_LENGTH = 2048
# Of a platform's own words, where it refuses something.
SAID_LENGTH = 300


class Platform(Tenanted, Base):
    """One LMS registration. A login names it by (issuer, client id) before any tenant is known.

    A removed one keeps its row: its courses and panels hang on it, and registering it again brings them back.
    """

    __tablename__ = "platform"
    __table_args__ = (of_tenant(), UniqueConstraint("issuer", "client_id"))
    name: Mapped[str] = mapped_column(String(255))
    issuer: Mapped[str] = mapped_column(String(512))
    client_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    auth_login_url: Mapped[str] = mapped_column(String(URL_LENGTH))
    auth_token_url: Mapped[str] = mapped_column(String(URL_LENGTH))
    jwks_url: Mapped[str] = mapped_column(String(URL_LENGTH))
    # What our own tokens are addressed to, where that is not the token URL.
    audience: Mapped[str | None] = mapped_column(String(URL_LENGTH))
    # Which folder of quirks applies, see platforms/; learned from the launches.
    family: Mapped[str | None] = mapped_column(String(32))
    # Registered without a deployment id: the first valid launch fixes it and closes this.
    deployments_open: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]


class Deployment(Tenanted, Base):
    """An installation of the tool within a platform. Context and link ids are unique within it, and only there."""

    __tablename__ = "deployment"
    __table_args__ = (
        refers_to("platform", "platform_id"),
        UniqueConstraint("tenant_id", "platform_id", "lti_deployment_id"),
    )
    platform_id: Mapped[UUID]
    lti_deployment_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    # True: nobody named it, the first valid launch did.
    learned: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    first_launch_at: Mapped[datetime | None]


class LtiContext(Tenanted, Base):
    """Which course a context is. The empty context id stands for the deployment itself: launches without one."""

    __tablename__ = "lti_context"
    __table_args__ = (
        refers_to("deployment", "deployment_id"),
        refers_to("course", "course_id"),
        UniqueConstraint("tenant_id", "deployment_id", "lti_context_id"),
        Index(None, "tenant_id", "course_id"),
    )
    deployment_id: Mapped[UUID]
    lti_context_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    course_id: Mapped[UUID]


class LtiLink(Tenanted, Base):
    """Which panel a resource link is. `custom_key` tells several embeds of one link apart; empty when there is none.

    Keyed below the context, so that a link id met in two contexts never joins two courses.
    """

    __tablename__ = "lti_link"
    __table_args__ = (
        refers_to("lti_context", "context_id"),
        refers_to("panel", "panel_id"),
        UniqueConstraint("tenant_id", "context_id", "resource_link_id", "custom_key"),
        Index(None, "tenant_id", "panel_id"),
        Index(None, "tenant_id", "resource_link_id"),
    )
    context_id: Mapped[UUID]
    resource_link_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    custom_key: Mapped[str] = mapped_column(String(ID_LENGTH), default="")
    # As the LMS called it last: a copy of the course that knows nothing else is told apart by it.
    title: Mapped[str | None] = mapped_column(String(255))
    panel_id: Mapped[UUID]


class LtiGroupSet(Base):
    """Which group set one of the LMS's is. The empty id stands for the groups whose set the LMS does not tell."""

    __tablename__ = "lti_group_set"
    __table_args__ = (refers_to("lti_context", "context_id"), refers_to("group_set", "set_id"))
    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    context_id: Mapped[UUID] = mapped_column(primary_key=True)
    lti_set_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    set_id: Mapped[UUID]


class LtiGroup(Base):
    """Which group one of the LMS's is."""

    __tablename__ = "lti_group"
    __table_args__ = (
        refers_to("lti_context", "context_id"),
        refers_to("course_group", "group_id"),
        Index(None, "tenant_id", "group_id"),
    )
    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    context_id: Mapped[UUID] = mapped_column(primary_key=True)
    lti_group_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    group_id: Mapped[UUID]


class GroupService(Base):
    """Where the LMS tells what a context's groups are called (Course Groups Service); the worker asks there."""

    __tablename__ = "group_service"
    __table_args__ = (refers_to("lti_context", "context_id"),)
    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    context_id: Mapped[UUID] = mapped_column(primary_key=True)
    groups_url: Mapped[str] = mapped_column(String(URL_LENGTH))
    sets_url: Mapped[str | None] = mapped_column(String(URL_LENGTH))
    # None while there is nothing to ask.
    due_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)


class Roster(Base):
    """Where a context's list of members is read (Names and Roles), and how far the reading has come.

    The row is made by the first launch that names the service. Whoever reads holds the lease and renews it with every
    page; ``due_at`` says when the next reading begins, and is empty while nobody uses the course.
    """

    __tablename__ = "roster"
    __table_args__ = (refers_to("lti_context", "context_id"),)
    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    context_id: Mapped[UUID] = mapped_column(primary_key=True)
    # As the last launch gave it; none where it gave none.
    url: Mapped[str | None] = mapped_column(String(URL_LENGTH))
    # The last launch, to the day: a course that nobody opens is not read on and on.
    used_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    # When the last complete reading began, and how many it found in the course.
    as_of: Mapped[datetime | None]
    members: Mapped[int | None]
    leased_by: Mapped[UUID | None]
    leased_until: Mapped[datetime | None]
    # Of the reading under way, or of the last one.
    began_at: Mapped[datetime | None]
    read: Mapped[int] = mapped_column(default=0)
    # How often it failed in a row, and how it did last; empty once it succeeds.
    failures: Mapped[int] = mapped_column(default=0)
    failed_at: Mapped[datetime | None]
    problem: Mapped[str | None] = mapped_column(String(32))
    status: Mapped[int | None]
    said: Mapped[str | None] = mapped_column(String(SAID_LENGTH))


class NoticeService(Base):
    """Where a deployment's platform is told where its notices go (Platform Notification Service); the worker tells it.

    ``handler`` and ``client_id``: what it was told last, or was tried to be; another public address, or another
    registration, is told anew.
    """

    __tablename__ = "notice_service"
    __table_args__ = (refers_to("deployment", "deployment_id"),)
    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    deployment_id: Mapped[UUID] = mapped_column(primary_key=True)
    # As the last launch gave them. `is_open`: with the right to name a handler, and with the notice that is of use.
    url: Mapped[str] = mapped_column(String(URL_LENGTH))
    scopes: Mapped[str] = mapped_column(Text)
    is_open: Mapped[bool]
    handler: Mapped[str | None] = mapped_column(String(URL_LENGTH))
    client_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    # When the platform took it; none while it has not.
    taken_at: Mapped[datetime | None]
    # None while there is nothing to tell.
    due_at: Mapped[datetime | None]
    # Somebody is telling it now.
    leased_until: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    # How it failed last, in the platform's own words.
    status: Mapped[int | None]
    said: Mapped[str | None] = mapped_column(String(SAID_LENGTH))


class CopiedContext(Tenanted, Base):
    """That a context is a copy of another one, as a notice of its platform said."""

    __tablename__ = "copied_context"
    __table_args__ = (
        refers_to("deployment", "deployment_id"),
        UniqueConstraint(
            "tenant_id", "deployment_id", "lti_context_id", "origin_context_id", name="uq_copied_context"
        ),
    )
    deployment_id: Mapped[UUID]
    lti_context_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    origin_context_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    created_at: Mapped[datetime]


class Placing(Tenanted, Base):
    """Somebody choosing panels for a course: what the platform's deep linking request said, until it is answered.

    Found by the id in the page's pass. The answer is kept as it was signed, so that sending the page twice hands the
    same panels over and no others.
    """

    __tablename__ = "placing"
    __table_args__ = (
        refers_to("platform", "platform_id"),
        refers_to("membership", "membership_id"),
        Index(None, "tenant_id", "created_at"),
        # A page that is loaded again names only this.
        Index("ix_placing_id", "id"),
    )
    platform_id: Mapped[UUID]
    membership_id: Mapped[UUID]
    lti_deployment_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    return_url: Mapped[str] = mapped_column(String(URL_LENGTH))
    # Goes back as it came (LTI deep linking, section 4.4); none where the platform sent none.
    data: Mapped[str | None] = mapped_column(Text)
    accept_multiple: Mapped[bool]
    # False: the platform makes no grade book column for what is placed here.
    accept_line_item: Mapped[bool]
    # How the platform may show what is placed, of `iframe`, `frame` and `window`, with spaces between.
    targets: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    # SHA-256 of what was chosen, and the signed answer.
    chosen: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    answer: Mapped[str | None] = mapped_column(Text)


class Login(Base):
    """A login under way: its state belongs to one nonce, one platform and one browser, and serves once.

    Found by its state alone, since the tenant is not known before. Lives minutes, see logins.LIFETIME.
    """

    __tablename__ = "login"
    __table_args__ = (refers_to("platform", "platform_id"), Index(None, "created_at"))
    state: Mapped[str] = mapped_column(String(64), primary_key=True)
    tenant_id: Mapped[UUID]
    platform_id: Mapped[UUID]
    nonce: Mapped[str] = mapped_column(String(64))
    # SHA-256 of the secret that the browser keeps, in a cookie or in the platform's storage.
    binding: Mapped[bytes] = mapped_column(LargeBinary(32))
    # The platform's authorization URL with every parameter: followed once the browser is known to keep the secret.
    authorization_url: Mapped[str] = mapped_column(Text)
    # Name of the platform's frame that keeps data for tools (lti_storage_target), where the login gave one.
    storage_target: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class PlatformKeySet(Base):
    """A platform's public keys as last fetched, shared by all processes, with the times of the last three attempts."""

    __tablename__ = "platform_key_set"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "platform_id"], ["platform.tenant_id", "platform.id"]),
    )
    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    platform_id: Mapped[UUID] = mapped_column(primary_key=True)
    jwks_url: Mapped[str] = mapped_column(String(URL_LENGTH))
    body: Mapped[str | None] = mapped_column(Text)
    fetched_at: Mapped[datetime | None]
    tried_at: Mapped[datetime | None]
    tried_before_at: Mapped[datetime | None]
    tried_first_at: Mapped[datetime | None]
    # When the last attempt came to its end, whatever that was: earlier than tried_at while one is under way.
    ended_at: Mapped[datetime | None]


class ToolKey(Base):
    """One of our own signing keys: the newest that has begun signs, all are published until they retire."""

    __tablename__ = "tool_key"
    kid: Mapped[str] = mapped_column(String(64), primary_key=True)
    sealed_pem: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    # A key that was made by the schedule is published for a while before it signs.
    begins_at: Mapped[datetime]
    retires_at: Mapped[datetime | None]


class ServiceToken(Base):
    """An access token for a platform's services, sealed, shared by all processes; see services.py.

    ``key``: SHA-256 of what the token was asked with: client id, token address, audience and scopes, so that another
    registration never meets the token of this one. Whoever fetches holds the lease; whoever waits meanwhile takes the
    token, or the failure, that comes of it.
    """

    __tablename__ = "service_token"
    __table_args__ = (refers_to("platform", "platform_id"),)
    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    platform_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    scopes: Mapped[str] = mapped_column(Text)
    sealed: Mapped[str | None] = mapped_column(Text)
    # Until when it is used: a little earlier than it ends.
    usable_until: Mapped[datetime | None]
    leased_by: Mapped[UUID | None]
    leased_until: Mapped[datetime | None]
    # The last attempt that failed, until one succeeds: how, and what the platform said.
    failed_at: Mapped[datetime | None]
    failure: Mapped[str | None] = mapped_column(String(16))
    status: Mapped[int | None]
    said: Mapped[str | None] = mapped_column(String(SAID_LENGTH))


class FrameSource(StrEnum):
    """Who said that a tenant's pages may stand in frames of an origin."""

    launch = "launch"
    administrator = "administrator"


class FrameAncestor(Tenanted, Base):
    """An origin, beside the issuers of the tenant's platforms, whose pages may frame the tenant's panels."""

    __tablename__ = "frame_ancestor"
    __table_args__ = (of_tenant(), UniqueConstraint("tenant_id", "origin"))
    origin: Mapped[str] = mapped_column(String(512))
    source: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime]


class Invite(Tenanted, Base):
    """A one-time address by which an LMS may register itself; found by the digest of its secret alone.

    A registration that fails leaves it as it was, so that it can be tried again until it expires.
    """

    __tablename__ = "invite"
    __table_args__ = (of_tenant(), refers_to("platform", "platform_id"), UniqueConstraint("digest"))
    # SHA-256 of the secret in the address.
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    # What the LMS will be called here, where the administrator said it.
    name: Mapped[str | None] = mapped_column(String(255))
    # The client id of the registration before, where the administrator named it.
    replaces: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    # What came of it.
    platform_id: Mapped[UUID | None]
