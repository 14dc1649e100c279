"""The formats of an answer: ids, exact, canonical in the reader's language."""

from typing import Any

import pytest

from tests.xapi.lrs.client import Client, Json, activity, agent, new_id, reference, statement
from xapi.lrs.languages import one_language, preference


def about(**definition: Any) -> Json:
    return {**activity("quiz"), "definition": definition}


def test_ids_leaves_only_what_identifies(lrs: Client) -> None:
    group = {"objectType": "Group", "name": "Team", "member": [{**agent("ann"), "name": "Ann"}]}
    named = {"objectType": "Group", "name": "Staff", "mbox": "mailto:s@x.example", "member": [agent("bob")]}
    sent = statement(
        actor=group,
        object=about(name={"en": "Quiz"}),
        context={
            "instructor": {**agent("bob"), "name": "Bob"},
            "team": named,
            "contextActivities": {"parent": [about(name={"en": "Quiz"})]},
            "statement": reference(new_id()),
        },
        result={"response": "42", "extensions": {"https://x.example/e": {"name": "kept"}}},
    )
    lrs.store(sent)
    found = lrs.one(sent["id"], format="ids")
    assert found["actor"] == {"objectType": "Group", "member": [agent("ann")]}
    assert found["verb"] == {"id": sent["verb"]["id"]}
    assert found["object"] == {"id": activity("quiz")["id"]}
    assert found["context"]["instructor"] == agent("bob")
    assert found["context"]["team"] == {"objectType": "Group", "mbox": "mailto:s@x.example"}
    assert found["context"]["contextActivities"]["parent"] == [{"id": activity("quiz")["id"]}]
    assert found["context"]["statement"] == sent["context"]["statement"]
    assert found["result"] == sent["result"]


def test_ids_reaches_into_substatements(lrs: Client) -> None:
    inner = {
        "objectType": "SubStatement",
        "actor": {**agent("ann"), "name": "Ann"},
        "verb": {"id": "https://x.example/plans", "display": {"en": "plans"}},
        "object": about(name={"en": "Quiz"}),
    }
    sent = statement(object=inner)
    lrs.store(sent)
    assert lrs.one(sent["id"], format="ids")["object"] == {
        "objectType": "SubStatement",
        "actor": agent("ann"),
        "verb": {"id": "https://x.example/plans"},
        "object": {"id": activity("quiz")["id"]},
    }


def test_canonical_joins_what_all_statements_said_of_an_activity(lrs: Client) -> None:
    sent = statement(object=about(name={"en": "Quiz"}, type="https://x.example/old"))
    lrs.store(sent)
    lrs.store(
        statement(
            object=about(
                name={"de": "Rätsel"},
                type="https://x.example/new",
                extensions={"https://x.example/level": 2},
            )
        )
    )
    definition = lrs.one(sent["id"], format="canonical")["object"]["definition"]
    assert definition == {
        "name": {"en": "Quiz"},
        "type": "https://x.example/new",
        "extensions": {"https://x.example/level": 2},
    }
    german = lrs.one(sent["id"], format="canonical", headers={"Accept-Language": "de-AT, de;q=0.9, en;q=0.1"})
    assert german["object"]["definition"]["name"] == {"de": "Rätsel"}
    assert lrs.one(sent["id"])["object"] == sent["object"]


def test_canonical_reaches_context_verb_substatement_and_choices(lrs: Client) -> None:
    both = {"en": "one", "de": "eins"}
    quiz = about(
        name=both,
        description=both,
        interactionType="choice",
        choices=[{"id": "a", "description": both}, {"id": "b"}],
    )
    inner = {
        "objectType": "SubStatement",
        "actor": agent(),
        "verb": {"id": "https://x.example/plans", "display": both},
        "object": quiz,
        "context": {"contextActivities": {"parent": [quiz]}},
    }
    sent = statement(object=inner, verb={"id": "https://x.example/said", "display": both})
    lrs.store(sent)
    (found,) = lrs.found(format="canonical", headers={"Accept-Language": "de"})
    german = {"de": "eins"}
    assert found["verb"]["display"] == german
    assert found["object"]["verb"]["display"] == german
    for one in (found["object"]["object"], found["object"]["context"]["contextActivities"]["parent"][0]):
        assert one["definition"]["name"] == german
        assert one["definition"]["description"] == german
        assert one["definition"]["choices"] == [{"id": "a", "description": german}, {"id": "b"}]


def test_a_statement_sent_again_with_another_definition_changes_nothing(lrs: Client) -> None:
    sent = statement(object=about(name={"en": "Quiz"}))
    lrs.store(sent)
    lrs.store({**sent, "object": about(name={"en": "Another"})})
    assert lrs.one(sent["id"], format="canonical")["object"]["definition"]["name"] == {"en": "Quiz"}


def test_canonical_gives_what_it_cannot_know_as_it_came(lrs: Client) -> None:
    sent = statement(verb={"id": "https://x.example/unheard"})
    lrs.store(sent)
    found = lrs.one(sent["id"], format="canonical")
    assert found["object"] == sent["object"]
    assert found["verb"] == sent["verb"]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, "en-US"),
        ("", "en-US"),
        ("fr", "fr"),
        ("FR", "fr"),
        ("en", "en-US"),
        ("de", "de-CH"),
        ("en-GB;q=0.9, fr;q=0.8", "en-GB"),
        ("fr;q=0.8, en-GB;q=0.9", "en-GB"),
        ("*;q=0.1, de-CH;q=0.5", "de-CH"),
        ("en-US;q=0, fr;q=0, *;q=0.5", "en-GB"),
        ("xx", "en-US"),
        ("rubbish;;q=,", "en-US"),
    ],
)
def test_which_language_a_reader_gets(header: str | None, expected: str) -> None:
    texts = {"en-US": "color", "en-GB": "colour", "fr": "couleur", "de-CH": "Farbe"}
    assert list(one_language(texts, preference(header))) == [expected]
