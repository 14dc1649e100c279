"""`alongside person`: what is known of somebody, and its removal."""

import json
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import click
from sqlalchemy import select

from lti_tool.cli.parts import as_json_text, command_parts, json_option, print_json, print_table
from lti_tool.erasing import erase_person, whoever_runs_this
from lti_tool.person_export import export_person
from social_layer.people.models import Account, Person, Tenant
from social_layer.sealing import SealBroken
from xapi.gathering.manifest import FolderWrong
from xapi.gathering.mending import Unreadable
from xapi.gathering.store import TooMuch
from xapi.scopes.models import Erasure
from xapi.scopes.receipts import is_genuine
from xapi.scopes.receipts import receipts as list_receipts

account_option = click.option("--account", required=True, help="Their id in the LMS: what LTI calls sub.")
home_page_option = click.option(
    "--home-page", help="The LMS, by its issuer, where several have such an account."
)
tenant_option = click.option("--tenant", help="The institution, where several have such an account.")


@click.group()
def person() -> None:
    """What is known of somebody, and its removal."""


@person.command()
@account_option
@home_page_option
@tenant_option
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Into this file.")
@click.option("--json", "as_json", is_flag=True, help="What is printed is JSON always.", hidden=True)
def export(account: str, home_page: str | None, tenant: str | None, out: Path | None, as_json: bool) -> None:
    """Print all that is known of a person, as JSON: texts, drafts, reactions, grades, and what was sent of them."""
    given = command_parts()
    tenant_id, person_id, _ = _found(account, home_page, tenant)
    try:
        data = export_person(given, tenant_id, person_id)
    except SealBroken as broken:
        raise click.ClickException(f"the key of pseudonyms cannot be opened: {broken}") from None
    except (Unreadable, FolderWrong, TooMuch, OSError) as error:
        raise click.ClickException(
            f"what was read back from the LRSs cannot be read: {error}; "
            "read it anew with: alongside records gather, and try again"
        ) from None
    if out is None:
        print_json(data)
        return
    try:
        # Nobody else of this machine is to read it.
        out.touch(mode=0o600)
        out.write_text(as_json_text(data) + "\n")
    except OSError as error:
        raise click.ClickException(f"{out} cannot be written: {error.strerror}") from None
    click.echo(f"{len(data['entries'])} entries and {len(data['statements'])} statements are in {out}.")


@person.command()
@account_option
@home_page_option
@tenant_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def erase(account: str, home_page: str | None, tenant: str | None, yes: bool, as_json: bool) -> None:
    """Remove a person for ever: their texts, name and accounts here, and what was sent of them.

    What they wrote reads "Removed at the author's request"; the answers of others stay. Statements are voided by the
    worker's next turn. A signed receipt with the counts stays, which names nobody. Take the person out of the course in
    the LMS too: whoever is on its list is met again, as somebody new.
    """
    given = command_parts()
    tenant_id, person_id, name = _found(account, home_page, tenant)
    if not yes:
        if not sys.stdin.isatty():
            raise click.ClickException("this cannot be undone; say --yes if it is meant")
        click.echo(
            f"This removes {name or 'a person without a name'} ({account}). It cannot be undone.", err=True
        )
        if click.prompt("Type the account again to go on", err=True) != account:
            raise click.ClickException("nothing was removed")
    receipt = erase_person(given, tenant_id, person_id, whoever_runs_this())
    if as_json:
        print_json(_shown(receipt, genuine=True))
        return
    counts = json.loads(receipt.counts)
    click.echo(
        f"Removed: {counts['entries']} entries and {counts['accounts']} accounts; "
        f"{counts['statements_voided']} statements will be voided. Receipt: {receipt.id}"
    )


@person.command("receipts")
@click.option("--tenant", help="Of this institution only.")
@json_option
def show_receipts(tenant: str | None, as_json: bool) -> None:
    """List the receipts of erasures, and whether each is genuine. Ends with 1 when one is not."""
    given = command_parts()
    query = select(Tenant.name, Tenant.id).order_by(Tenant.name)
    if tenant is not None:
        query = query.where(Tenant.name == tenant)
    with given.database.read() as session:
        found = [
            {"tenant": name, **_shown(one, genuine=is_genuine(given.sealer, one))}
            for name, tenant_id in session.execute(query).all()
            for one in list_receipts(session, tenant_id)
        ]
    if as_json:
        print_json(found)
    else:
        print_table(
            ("tenant", "receipt", "erased", "by", "entries", "voided", "genuine"),
            [
                [one["tenant"], one["receipt"], f"{one['erased_at']:%Y-%m-%d %H:%M}", one["erased_by"]]
                + [
                    one["counts"]["entries"],
                    one["counts"]["statements_voided"],
                    "yes" if one["genuine"] else "NO",
                ]
                for one in found
            ],
            empty="Nobody was erased.",
        )
    if not all(one["genuine"] for one in found):
        raise click.exceptions.Exit(1)


def _shown(receipt: Erasure, *, genuine: bool) -> dict[str, Any]:
    return {
        "receipt": receipt.id,
        "erased_at": receipt.erased_at,
        "erased_by": receipt.erased_by,
        "counts": json.loads(receipt.counts),
        "signature": receipt.signature,
        "genuine": genuine,
    }


def _found(account: str, home_page: str | None, tenant: str | None) -> tuple[UUID, UUID, str | None]:
    """Tenant, person and the person's name."""
    query = (
        select(Account.tenant_id, Account.person_id, Person.name, Account.home_page, Tenant.name)
        .join(Person, (Person.tenant_id == Account.tenant_id) & (Person.id == Account.person_id))
        .join(Tenant, Tenant.id == Account.tenant_id)
        .where(Account.name == account)
    )
    if home_page is not None:
        query = query.where(Account.home_page == home_page)
    if tenant is not None:
        query = query.where(Tenant.name == tenant)
    with command_parts().database.read() as session:
        found = session.execute(query).all()
    if not found:
        raise click.ClickException(f"nobody has the account {account!r}; it is what the LMS sends as sub")
    if len(found) > 1:
        where = ", ".join(f"{row[3]} ({row[4]})" for row in found)
        raise click.ClickException(f"several have this account: {where}; say --home-page or --tenant")
    return found[0][0], found[0][1], found[0][2]
