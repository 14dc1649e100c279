"""What the documents say is true of the code: links, settings, commands, refusals, statements, decisions."""

import ast
import json
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
import pytest

from lti_tool.cli import main
from lti_tool.config import read_settings
from lti_tool.problems import PROBLEMS
from xapi import vocabulary
from xapi.lrs.validation import validate_statement

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
DOCUMENTS = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _prose(text: str) -> str:
    return FENCE.sub("", text)


# Links


def _anchors(document: Path) -> set[str]:
    """The names of a document's headings, as readers of the repository address them."""
    headings = re.findall(r"^#+ (.+)$", _prose(document.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", _prose(document.read_text())):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = document.parent / path if path else document
        if not file.exists() or (anchor and anchor not in _anchors(file)):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_no_document_is_an_island(document: Path) -> None:
    """Whoever begins with the README gets everywhere by links."""
    reached: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        here = waiting.pop()
        if here not in reached:
            reached.add(here)
            targets = re.findall(r"\]\(([^)\s#]+\.md)", _prose(here.read_text()))
            waiting += [(here.parent / target).resolve() for target in targets if ":" not in target]
    assert document in reached


# Settings


class _Asked(Mapping[str, str]):
    """An environment that remembers what it was asked for."""

    def __init__(self, values: dict[str, str]) -> None:
        self.values_given = values
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        return self.values_given[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_given)

    def __len__(self) -> int:
        return len(self.values_given)


def test_the_table_of_settings_holds_those_that_are_read_and_no_others(tmp_path: Path) -> None:
    asked = _Asked({"ALONGSIDE_HOME": str(tmp_path)})
    read_settings(asked)
    table = re.findall(r"^\| `([A-Z_]+)` \|", (DOCS / "settings.md").read_text(), re.MULTILINE)
    assert sorted(table) == sorted(asked.names)
    # And none of them is taken for a misspelt one.
    assert read_settings(dict.fromkeys(table, "") | {"ALONGSIDE_HOME": str(tmp_path)}).unknown == ()


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_every_setting_that_a_document_names_is_read(document: Path) -> None:
    table = set(re.findall(r"^\| `([A-Z_]+)` \|", (DOCS / "settings.md").read_text(), re.MULTILINE))
    named = set(re.findall(r"\b(ALONGSIDE_[A-Z_]+|[A-Z_]*DATABASE_URL|BROKER_URL)\b", document.read_text()))
    assert named - table == set()


# Commands


def _code(text: str) -> Iterator[str]:
    """The lines of every block that is no program, and every piece of code within a sentence."""
    for language, block in FENCE.findall(text):
        if not language:
            yield from block.replace("\\\n", " ").splitlines()
    yield from re.findall(r"`([^`\n]+)`", _prose(text))


def _commands(document: Path) -> Iterator[str]:
    """What stands behind the command's name, wherever it is run."""
    for line in _code(document.read_text()):
        yield from re.findall(r"(?:^|/bin/|exec tool |run --rm tool |[A-Z]=\S+ )alongside (.+)$", line)
        yield from re.findall(r"docker compose .*(?:run --rm|exec) tool (?!alongside )(.+)$", line)


def _wrong(called: str) -> str | None:
    """What of a command line does not exist."""
    command: click.Command = main
    context = click.Context(main)
    words = [word.strip("…") for word in shlex.split(re.split("  | [|] ", called, maxsplit=1)[0])]
    options: set[str] = {"--help"}
    for word in filter(None, words):
        if word.startswith("-") and word != "-":
            if word.split("=")[0] not in options | {name for one in command.params for name in one.opts}:
                return f"{word} of {called}"
        elif isinstance(command, click.Group):
            for one in word.split("|"):
                if command.get_command(context, one) is None:
                    return f"{one} of {called}"
            found = command.get_command(context, word.split("|")[0])
            assert found is not None
            command = found
    return None


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_every_command_that_a_document_names_exists_with_its_options(document: Path) -> None:
    assert [wrong for called in _commands(document) if (wrong := _wrong(called))] == []


def test_commands_are_found_where_they_are_written() -> None:
    """The tests above would pass if the documents were not understood."""
    found = {called for document in DOCUMENTS for called in _commands(document)}
    assert {"doctor", "lrs test records", "db upgrade", "bridge replay --lrs records"} <= found
    assert len(found) > 25


@pytest.mark.parametrize(
    ("called", "wrong"),
    [
        ("lrs add --nome x", "--nome of lrs add --nome x"),
        ("platform delete", "delete of platform delete"),
        ("lrs add --name x", None),
        ("keys rotate --overlap-days 0", None),
    ],
)
def test_what_does_not_exist_is_noticed(called: str, wrong: str | None) -> None:
    assert _wrong(called) == wrong


def _all_options(command: click.Command) -> set[str]:
    found = {name for one in command.params for name in one.opts} | {"--help"}
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            found |= _all_options(below)
    return found


def test_every_option_named_by_itself_exists() -> None:
    known = _all_options(main)
    unknown = [
        f"{_name(document)}: {option}"
        for document in DOCUMENTS
        for option in re.findall(r"`(--[a-z-]+)[^`\n]*`", _prose(document.read_text()))
        if option not in known
    ]
    assert unknown == []


# Refusals


def _codes_of_launches() -> set[str]:
    """Every refusal that the protocol's code raises."""
    found = set()
    for path in (ROOT / "lti_tool" / "lti").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Problem":
                found |= {
                    one.value for one in ast.walk(node.args[0]) if isinstance(one, ast.Constant) and one.value
                }
    return found


def _explained() -> list[str]:
    text = (DOCS / "administrators" / "troubleshooting.md").read_text()
    firsts = re.findall(r"^\| (`[a-z_`, ]+`) \|", text, re.MULTILINE)
    return [code for first in firsts for code in re.findall(r"`([a-z_]+)`", first)]


def test_every_refusal_of_a_launch_is_explained() -> None:
    codes = _codes_of_launches()
    assert len(codes) > 20
    assert codes - set(_explained()) == set()


def test_every_refusal_is_explained_once() -> None:
    explained = _explained()
    assert set(explained) ^ set(PROBLEMS) == set()
    assert len(explained) == len(set(explained))


# Statements


def _examples() -> list[tuple[str, str]]:
    return [
        (f"{_name(document)}-{number}", block)
        for document in (DOCS / "analysts.md", DOCS / "xapi-profile.md")
        for number, (language, block) in enumerate(FENCE.findall(document.read_text()))
        if language == "json"
    ]


@pytest.mark.parametrize(("name", "example"), _examples(), ids=[name for name, _ in _examples()])
def test_every_example_of_a_statement_is_valid(name: str, example: str) -> None:
    assert validate_statement(json.loads(example)) == []


def test_the_verbs_and_types_in_the_documents_are_those_of_the_code() -> None:
    ours = {term.iri for term in vars(vocabulary).values() if isinstance(term, vocabulary.VerbTerm)}
    ours |= {term for term in vars(vocabulary).values() if isinstance(term, str) and term.startswith("http")}
    for document in (DOCS / "analysts.md", DOCS / "xapi-profile.md"):
        named = re.findall(
            r"https?://(?:id\.tincanapi\.com|activitystrea\.ms|adlnet\.gov|w3id\.org)[^\s\"`|)]*",
            document.read_text(),
        )
        assert set(named) - ours == set(), document.name


# Decisions


def test_decisions_are_numbered_without_gaps_and_listed() -> None:
    records = sorted((DOCS / "decisions").glob("0*.md"))
    index = (DOCS / "decisions" / "README.md").read_text()
    for number, record in enumerate(records, 1):
        text = record.read_text()
        title = re.match(r"# (\d+)\. (.+)\n", text)
        assert title is not None, record.name
        assert record.name.startswith(f"{number:04}-"), record.name
        assert int(title[1]) == number, record.name
        assert f"{number}. [{title[2]}]({record.name})" in index, record.name
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]
    assert len(records) >= 10
