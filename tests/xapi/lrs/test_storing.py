"""What happens to a statement that is sent: stored once, as it came, whole batches or nothing."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.xapi.lrs.client import Client, Json, activity, agent, new_id, reference, statement
from xapi.lrs.validation.formats import parse_timestamp


def test_a_posted_statement_comes_back_with_what_the_lrs_adds(lrs: Client) -> None:
    sent = statement(timestamp="2026-01-02T03:04:05.678+02:00", result={"score": {"raw": 1.50}})
    answer = lrs.post(sent)
    assert (answer.status_code, answer.get_json()) == (200, [sent["id"]])
    found = lrs.one(sent["id"])
    assert {key: found[key] for key in sent} == sent
    assert found["version"] == "1.0.0"
    assert found["authority"]["account"]["name"] == "bridge"
    stored = parse_timestamp(found["stored"])
    assert stored is not None
    assert abs(stored - datetime.now(UTC)) < timedelta(minutes=1)


def test_the_text_of_a_statement_is_answered_to_the_letter(lrs: Client) -> None:
    sent = statement(timestamp="2026-01-02T03:04:05Z")
    text = json.dumps(sent, indent=3)[:-2] + ', "result": {"score": {"raw": 1.50, "max": 1E2}}}'
    assert lrs.post(f" [ {text} ] ").status_code == 200
    answered = lrs.get(statementId=sent["id"]).get_data(as_text=True)
    assert answered.startswith(text[:-1] + ",")


def test_id_and_timestamp_are_given_where_the_sender_gives_none(lrs: Client) -> None:
    (given,) = lrs.store(statement(id=None))
    found = lrs.one(given)
    assert found["id"] == given
    assert found["timestamp"] == found["stored"]


def test_stored_and_authority_of_the_sender_are_replaced_but_its_version_is_kept(lrs: Client) -> None:
    sent = statement(stored="2001-01-01T00:00:00Z", authority=agent("somebody"), version="1.0.1")
    lrs.store(sent)
    found = lrs.one(sent["id"])
    assert not found["stored"].startswith("2001")
    assert found["authority"]["account"]["name"] == "bridge"
    assert found["version"] == "1.0.1"
    assert json.dumps(found).count('"stored"') == 1


def test_a_single_context_activity_comes_back_as_a_list_in_the_substatement_too(lrs: Client) -> None:
    context = {"contextActivities": {"parent": activity("thread"), "grouping": [activity("course")]}}
    inner = {
        "objectType": "SubStatement",
        "actor": agent("bob"),
        "verb": {"id": "https://tool.example/plans"},
        "object": activity("entry/2"),
        "context": {"contextActivities": {"category": activity("profile")}},
    }
    sent = statement(context=context, object=inner)
    lrs.store(sent)
    found = lrs.one(sent["id"])
    assert found["context"]["contextActivities"] == {
        "parent": [activity("thread")],
        "grouping": [activity("course")],
    }
    assert found["object"]["context"]["contextActivities"] == {"category": [activity("profile")]}


def test_a_batch_answers_the_ids_in_its_order(lrs: Client) -> None:
    batch = [statement() for _ in range(20)]
    assert lrs.store(*batch) == [one["id"] for one in batch]
    assert lrs.ids(ascending=True) == [one["id"] for one in batch]


def test_an_empty_batch_is_no_error(lrs: Client) -> None:
    assert lrs.post([]).get_json() == []


def test_a_batch_with_one_invalid_statement_stores_none_and_says_which(lrs: Client) -> None:
    bad = statement(actor={"account": {"homePage": "https://lms.example", "name": 7}})
    answer = lrs.post([statement(), statement(), bad, statement()])
    assert answer.status_code == 400
    problem = answer.get_json()
    assert problem["statement"] == 2
    assert problem["path"] == "$.actor.account.name"
    assert problem["error"] == "type"
    assert problem["message"]
    assert lrs.ids() == []


def test_the_same_id_twice_in_a_batch_is_refused_in_whatever_case(lrs: Client) -> None:
    one = statement()
    answer = lrs.post([statement(), one, {**one, "id": one["id"].upper()}])
    assert (answer.status_code, answer.get_json()["error"]) == (400, "duplicate_id")
    assert answer.get_json()["statement"] == 2
    assert lrs.ids() == []


def test_sending_again_is_harmless(lrs: Client) -> None:
    batch = [statement(), statement()]
    lrs.store(*batch)
    before = lrs.one(batch[0]["id"])
    lrs.store(*batch)
    assert lrs.put(batch[1]["id"], batch[1]).status_code == 204
    assert lrs.one(batch[0]["id"]) == before
    assert len(lrs.ids()) == 2


def test_a_batch_with_old_and_new_stores_the_new(lrs: Client) -> None:
    old, new = statement(), statement()
    lrs.store(old)
    assert lrs.store(old, new) == [old["id"], new["id"]]
    assert set(lrs.ids()) == {old["id"], new["id"]}


@pytest.mark.parametrize(
    "change",
    [
        {"verb": {"id": "https://tool.example/other"}},
        {"actor": agent("bob")},
        {"object": activity("entry/2")},
        {"result": {"success": False}},
        {"timestamp": "2026-01-01T00:00:01Z"},
        {"result": {"success": True, "extensions": {"https://x.example/n": 1}}},
    ],
    ids=["verb", "actor", "object", "result", "timestamp", "one is not true"],
)
def test_another_content_under_a_known_id_is_a_conflict_and_stores_nothing(lrs: Client, change: Json) -> None:
    extensions = {"https://x.example/n": True}
    first = statement(timestamp="2026-01-01T00:00:00Z", result={"success": True, "extensions": extensions})
    lrs.store(first)
    before = lrs.one(first["id"])
    answer = lrs.post([statement(), {**first, **change}])
    assert (answer.status_code, answer.get_json()["error"]) == (409, "conflict")
    assert answer.get_json()["statement"] == 1
    assert lrs.put(first["id"], {**first, **change}).status_code == 409
    assert lrs.found() == [before]


def test_what_does_not_count_as_a_difference(lrs: Client) -> None:
    """Data 2.3.1: assigned properties, texts of verbs and activities, spelling of times, order of members."""
    group = {
        "objectType": "Group",
        "member": [{"mbox": "mailto:a@x.example"}, {"mbox": "mailto:b@x.example"}],
    }
    first = statement(
        actor=group,
        timestamp="2026-01-01T12:00:00.000Z",
        context={
            "registration": new_id(),
            "contextActivities": {"parent": [activity("thread")]},
            "statement": reference(new_id()),
        },
        result={"duration": "PT1.234S"},
    )
    lrs.store(first)
    again = {
        **first,
        "id": first["id"].upper(),
        "actor": {**group, "member": [{"mbox": "mailto:b@X.example"}, {"mbox": "mailto:a@x.example"}]},
        "verb": {"id": first["verb"]["id"], "display": {"de": "antwortete"}},
        "object": {**first["object"], "definition": {"name": {"en": "Another"}}},
        "timestamp": "2026-01-01T14:00:00+02:00",
        "version": "1.0.3",
        "stored": "2026-01-01T14:00:00Z",
        "authority": agent("other"),
        "context": {
            "registration": first["context"]["registration"].upper(),
            "contextActivities": {"parent": activity("thread")},
            "statement": reference(first["context"]["statement"]["id"].upper()),
        },
        "result": {"duration": "PT1.239S"},
    }
    assert lrs.post(again).status_code == 200
    assert len(lrs.ids()) == 1


def test_put_takes_one_statement_with_the_id_of_the_address(lrs: Client) -> None:
    sent = statement(id=None)
    statement_id = new_id()
    assert lrs.put(statement_id, sent).status_code == 204
    assert lrs.one(statement_id)["id"] == statement_id
    assert lrs.put(new_id(), statement()).status_code == 400
    assert lrs.put(new_id(), [statement(id=None)]).status_code == 400
    assert lrs.put("nonsense", statement(id=None)).status_code == 400
    assert lrs.send("PUT", data="{}", content_type="application/json").status_code == 400


def test_the_case_of_an_id_does_not_matter_when_asking(lrs: Client) -> None:
    sent = statement(id=new_id().upper())
    lrs.store(sent)
    assert lrs.one(sent["id"].lower())["id"] == sent["id"]


def test_stored_grows_strictly_also_when_the_clock_stands_or_goes_back(make_lrs) -> None:  # type: ignore[no-untyped-def]
    moments = iter([datetime(2026, 1, 1, 12, tzinfo=UTC)] * 50 + [datetime(2025, 1, 1, tzinfo=UTC)] * 50)
    lrs = make_lrs(clock=lambda: next(moments))
    first, second, third = statement(), statement(), statement()
    lrs.store(first, second)
    lrs.store(third)
    times = [parse_timestamp(one["stored"]) for one in lrs.found(ascending=True)]
    assert times == sorted(set(times))  # type: ignore[type-var]
    assert lrs.ids(ascending=True) == [first["id"], second["id"], third["id"]]
