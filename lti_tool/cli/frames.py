"""`alongside platform frame`: whose pages may frame the panels."""

from uuid import UUID

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.cli.parts import command_parts, json_option, print_json, print_table, tenant_option
from lti_tool.lti import frames
from lti_tool.lti.models import FrameAncestor, FrameSource
from social_layer.clock import Clock
from social_layer.people.actions import find_or_make_tenant
from social_layer.people.models import Tenant


@click.group()
def frame() -> None:
    """Whose pages may frame the panels, beside the issuers' own."""


@frame.command("add")
@click.argument("address")
@tenant_option
def frame_add(address: str, tenant: str) -> None:
    """Let pages of ADDRESS, such as https://school.example.edu, frame the panels."""
    given = command_parts()
    origin = checked_origin(address)
    with given.database.write() as session:
        owner = find_or_make_tenant(session, given.clock, tenant)
        let_frame(session, given.clock, owner.id, origin).source = FrameSource.administrator
    click.echo(f"Pages of {origin} may frame the panels of {tenant}.")


@frame.command("remove")
@click.argument("address")
@tenant_option
def frame_remove(address: str, tenant: str) -> None:
    """Take an address away again. A valid launch that returns to it brings it back."""
    origin = checked_origin(address)
    with command_parts().database.write() as session:
        owner = session.scalar(select(Tenant).where(Tenant.name == tenant))
        known = _frame_of(session, owner.id, origin) if owner else None
        if known is None:
            raise click.ClickException(
                f"{origin} is not in the list of {tenant}; see: alongside platform frame list"
            )
        frames.remove_frame(session, known)
    click.echo(f"{origin} is no longer in the list of {tenant}.")


@frame.command("list")
@json_option
def frame_list(as_json: bool) -> None:
    """Every address, and who named it."""
    with command_parts().database.read() as session:
        rows = session.execute(
            select(FrameAncestor.origin, Tenant.name, FrameAncestor.source)
            .join(Tenant, Tenant.id == FrameAncestor.tenant_id)
            .order_by(Tenant.name, FrameAncestor.origin)
        ).all()
    if as_json:
        print_json([{"origin": row[0], "tenant": row[1], "source": row[2]} for row in rows])
        return
    print_table(
        ("Address", "Tenant", "Named by"), [tuple(row) for row in rows], empty="Only the issuers' own pages."
    )


def checked_origin(address: str) -> str:
    origin = frames.origin_of(address) if frames.is_address(address) else None
    if origin is None:
        raise click.ClickException(f"{address!r} is not an address such as https://school.example.edu")
    return origin


def let_frame(session: Session, clock: Clock, tenant_id: UUID, origin: str) -> FrameAncestor:
    return _frame_of(session, tenant_id, origin) or frames.add_frame(session, clock, tenant_id, origin)


def _frame_of(session: Session, tenant_id: UUID, origin: str) -> FrameAncestor | None:
    return session.scalar(
        select(FrameAncestor).where(FrameAncestor.tenant_id == tenant_id, FrameAncestor.origin == origin)
    )
