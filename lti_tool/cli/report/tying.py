"""What ties formal results to a course and its people where there is no installation to know it."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from xapi.gathering.identifiers import folded, spellings
from xapi.lrs.validation.formats import IRI
from xapi.vocabulary import Ids

Command = TypeVar("Command", bound=Callable[..., object])
_COURSES = Ids("").course_prefix


def tying_options(command: Command) -> Command:
    also = click.option(
        "--also",
        multiple=True,
        help="Another activity id of the same course, such as https://…/course/view.php?id=2; may be given again.",
    )
    identifiers = click.option(
        "--identifiers",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="A CSV file with the columns identifier and account: by what else people are known in formal results.",
    )
    return also(identifiers(command))


def courses_of(also: tuple[str, ...], course: str | None) -> dict[str, str]:
    """Activity → the course."""
    if not also:
        return {}
    if course is None:
        raise click.UsageError("--also needs --course, of which these are other ids.")
    for one in also:
        if IRI.fullmatch(one) is None:
            raise click.UsageError(f"--also {one}: give an absolute IRI, as it stands in statements.")
    return dict.fromkeys(also, course)


def aliases_of(file: Path | None, course: str | None) -> dict[str, str]:
    """Identifier → account, as ``homePage|name``. Accounts of the tool's own stand for aliases and pseudonyms: nothing
    leads to them or from them."""
    if file is None:
        return {}
    # Reads tables of the database's models, too, which the other options do without.
    from lti_tool.records.importing import FileWrong, lines_of, normal

    own = tool_of(course or "")
    found: dict[str, str] = {}
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            for number, told, said in lines_of(text):
                identifier, account = normal(told), said.strip()
                if identifier is None or normal(account) is None or "|" not in account:
                    raise _wrong(file, number, "give an identifier and an account as homePage|name")
                if own and own in (_home(identifier), _home(account)):
                    raise _wrong(file, number, f"{own} is this tool, whose accounts are aliases")
                if found.setdefault(identifier, account) != account:
                    raise _wrong(file, number, f"{identifier} is somebody else above")
    except (FileWrong, OSError) as wrong:
        raise click.ClickException(f"{file}: {wrong}") from None
    return {one: account for told, account in found.items() for one in spellings(told)}


def known_as(person: str, aliases: dict[str, str]) -> list[str]:
    """Every identifier under which somebody may stand."""
    return sorted({person, aliases.get(folded(person), person)})


def tool_of(course: str) -> str:
    """The address of the tool by a course's activity id: its accounts are aliases and pseudonyms."""
    return course.partition(_COURSES)[0]


def _wrong(file: Path, number: int, why: str) -> click.ClickException:
    return click.ClickException(f"{file}: line {number}: {why}")


def _home(identifier: str) -> str:
    return identifier.partition("|")[0].rstrip("/") if "|" in identifier else ""
