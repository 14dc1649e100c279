"""What a query finds: each filter alone, together, over time, page by page."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest

from tests.xapi.lrs.client import (
    REPLIED,
    Client,
    Json,
    activity,
    agent,
    new_id,
    reference,
    statement,
    voiding,
)
from xapi.lrs.documents import timestamp_text
from xapi.lrs.validation.formats import parse_timestamp

ASKED = "http://adlnet.gov/expapi/verbs/asked"


def sub_statement(**properties: Any) -> Json:
    made = {"objectType": "SubStatement", **statement(id=None), **properties}
    return {key: value for key, value in made.items() if value is not None}


def test_verb_registration_and_activity(lrs: Client) -> None:
    registration = new_id()
    by_verb = statement(verb={"id": ASKED})
    by_registration = statement(context={"registration": registration.upper()})
    by_activity = statement(object=activity("question/7"))
    lrs.store(by_verb, by_registration, by_activity)
    assert lrs.ids(verb=ASKED) == [by_verb["id"]]
    assert lrs.ids(registration=registration) == [by_registration["id"]]
    assert lrs.ids(activity=activity("question/7")["id"]) == [by_activity["id"]]
    assert lrs.ids(verb="https://nobody.example/did") == []


@pytest.mark.parametrize(
    ("stored", "asked"),
    [
        ({"mbox": "mailto:Ann@Lms.example"}, {"mbox": "mailto:Ann@lms.example"}),
        ({"mbox_sha1sum": "A" * 40}, {"mbox_sha1sum": "a" * 40}),
        ({"openid": "https://ann.example/"}, {"openid": "https://ann.example/"}),
        (agent("ann"), {"account": {"homePage": "https://lms.example", "name": "ann"}, "name": "Ann"}),
        ({"objectType": "Group", "mbox": "mailto:team@x.example"}, {"mbox": "mailto:team@x.example"}),
    ],
    ids=["mbox", "sha1", "openid", "account", "group"],
)
def test_an_agent_is_found_by_its_identifier(lrs: Client, stored: Json, asked: Json) -> None:
    wanted = statement(actor=stored)
    lrs.store(wanted, statement(actor=agent("somebody else")))
    assert lrs.ids(agent=asked) == [wanted["id"]]


def test_a_plain_agent_filter_looks_at_actor_and_object_and_the_members_of_groups(lrs: Client) -> None:
    ann = agent("ann")
    as_actor = statement(actor=ann)
    as_object = statement(actor=agent("bob"), object=ann)
    in_group = statement(actor={"objectType": "Group", "member": [agent("bob"), ann]})
    in_named_group = statement(
        actor=agent("bob"), object={"objectType": "Group", "mbox": "mailto:t@x.example", "member": [ann]}
    )
    elsewhere = [
        statement(actor=agent("bob"), context={"instructor": ann}),
        statement(actor=agent("bob"), context={"team": {"objectType": "Group", "member": [ann]}}),
        statement(actor=agent("bob"), object=sub_statement(actor=ann)),
        statement(actor=agent("bob"), object=sub_statement(actor=agent("bob"), object=ann)),
        statement(actor=agent("bob"), object=sub_statement(actor=agent("bob"), context={"instructor": ann})),
    ]
    near = [as_actor, as_object, in_group, in_named_group]
    lrs.store(*near, *elsewhere, statement(actor=agent("bob")))
    assert set(lrs.ids(agent=ann)) == {one["id"] for one in near}
    assert set(lrs.ids(agent=ann, related_agents=True)) == {one["id"] for one in near + elsewhere}


def test_the_authority_is_a_related_agent(lrs: Client) -> None:
    lrs.store(statement())
    authority = lrs.found()[0]["authority"]
    assert lrs.ids(agent=authority) == []
    assert len(lrs.ids(agent=authority, related_agents=True)) == 1


def test_related_activities_look_at_the_context_and_into_substatements(lrs: Client) -> None:
    course = activity("course/1")
    direct = statement(object=course)
    roles = [
        statement(context={"contextActivities": {role: [activity("x"), course]}})
        for role in ("parent", "grouping", "category", "other")
    ]
    single = statement(context={"contextActivities": {"parent": course}})
    inside = statement(object=sub_statement(object=course))
    deep = statement(object=sub_statement(context={"contextActivities": {"other": [course]}}))
    lrs.store(direct, *roles, single, inside, deep, statement())
    assert lrs.ids(activity=course["id"]) == [direct["id"]]
    related = lrs.ids(activity=course["id"], related_activities=True)
    assert set(related) == {one["id"] for one in [direct, *roles, single, inside, deep]}


def test_filters_are_joined_by_and(lrs: Client) -> None:
    wanted = statement(actor=agent("ann"), verb={"id": ASKED}, object=activity("a"))
    lrs.store(
        wanted,
        statement(actor=agent("bob"), verb={"id": ASKED}, object=activity("a")),
        statement(actor=agent("ann"), object=activity("a")),
        statement(actor=agent("ann"), verb={"id": ASKED}, object=activity("b")),
    )
    assert lrs.ids(agent=agent("ann"), verb=ASKED, activity=activity("a")["id"]) == [wanted["id"]]


def test_newest_first_unless_ascending(lrs: Client) -> None:
    batch = [statement() for _ in range(5)]
    for one in batch:
        lrs.store(one)
    oldest_first = [one["id"] for one in batch]
    assert lrs.ids() == oldest_first[::-1]
    assert lrs.ids(ascending=True) == oldest_first


def test_since_is_exclusive_and_until_inclusive(lrs: Client) -> None:
    for _ in range(3):
        lrs.store(statement())
    first, second, third = lrs.found(ascending=True)
    assert lrs.ids(since=second["stored"]) == [third["id"]]
    assert lrs.ids(until=second["stored"]) == [second["id"], first["id"]]
    assert lrs.ids(since=first["stored"], until=second["stored"]) == [second["id"]]
    moment = parse_timestamp(second["stored"])
    assert moment is not None
    shifted = timestamp_text(moment + timedelta(hours=2)).replace("Z", "+02:00")
    assert lrs.ids(since=shifted) == [third["id"]]


@pytest.mark.parametrize("ascending", [False, True])
def test_paging_meets_every_statement_once_while_others_arrive(lrs: Client, ascending: bool) -> None:
    batch = [statement(verb={"id": ASKED}) for _ in range(23)]
    lrs.store(*batch, statement())
    expected = [one["id"] for one in batch]
    seen: list[str] = []
    answer = lrs.get(verb=ASKED, limit=5, ascending=ascending)
    late = statement(verb={"id": ASKED})
    lrs.store(late)
    while True:
        page = answer.get_json()
        seen += [one["id"] for one in page["statements"]]
        if not page["more"]:
            break
        assert page["more"].startswith("/xAPI/statements?more=")
        assert len(page["statements"]) == 5
        answer = lrs.more(answer)
        assert answer.status_code == 200
    assert seen == ([*expected, late["id"]] if ascending else expected[::-1])


def test_more_keeps_format_limit_and_all_filters(lrs: Client) -> None:
    lrs.store(*(statement(actor=agent(name), object=activity("a")) for name in "abcabcabc"))
    answer = lrs.get(agent=agent("a"), activity=activity("a")["id"], limit=1, format="ids")
    found = answer.get_json()["statements"]
    while answer.get_json()["more"]:
        answer = lrs.more(answer)
        found += answer.get_json()["statements"]
    assert [one["actor"]["account"]["name"] for one in found] == ["a"] * 3
    assert all("display" not in one["verb"] for one in found)


def test_limit_zero_and_too_large_limits_mean_the_most_there_is(make_lrs) -> None:  # type: ignore[no-untyped-def]
    lrs = make_lrs(default_limit=2, maximum_limit=4)
    lrs.store(*(statement() for _ in range(6)))
    assert len(lrs.found()) == 2
    assert len(lrs.found(limit=0)) == 4
    assert len(lrs.found(limit=1000)) == 4
    assert len(lrs.found(limit=3)) == 3


@pytest.mark.parametrize(
    "values",
    [
        "!", "e30", "W10", "bnVsbA",
        [["zz"], None, None, 0, 5, 1, 0, 1],
        [[], "x", None, 0, 5, 1, 0, 1],
        [[], None, 1.5, 0, 5, 1, 0, 1],
        [[], None, None, 0, 0, 1, 0, 1],
        [[], None, None, 0, True, 1, 0, 1],
        [[], None, None, 0, 10**9, 1, 0, 1],
        [[], None, None, 0, 5, 9, 0, 1],
        [[], None, None, 0, 5, 1, 0, None],
        [[], None, None, 0, 5, 1, 0, 2**70],
        [["00" * 16] * 9, None, None, 0, 5, 1, 0, 1],
        [{"a": 1}, None, None, 0, 5, "x", 0, 1],
    ],
)  # fmt: skip
def test_a_made_up_more_is_refused(lrs: Client, values: Any) -> None:
    token = values
    if isinstance(values, list):
        token = base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")
    assert lrs.send("GET", query_string={"more": token}).status_code == 400


def test_a_query_without_matches_is_an_empty_result(lrs: Client) -> None:
    assert lrs.get(verb=REPLIED).get_json() == {"statements": [], "more": ""}


# Voiding and references (Data 2.3.2, Communication 2.1.3 and 2.1.4)


def test_a_voided_statement_is_only_found_as_voided(lrs: Client) -> None:
    first = statement()
    lrs.store(first)
    void = voiding(first["id"])
    lrs.store(void)
    assert lrs.get(statementId=first["id"]).status_code == 404
    assert lrs.get(voidedStatementId=first["id"]).get_json()["id"] == first["id"]
    assert lrs.get(voidedStatementId=void["id"]).status_code == 404
    assert lrs.ids() == [void["id"]]


@pytest.mark.parametrize("way", ["before it", "in one batch", "in one batch, turned"])
def test_voiding_works_whichever_comes_first(lrs: Client, way: str) -> None:
    first = statement()
    void = voiding(first["id"])
    if way == "before it":
        lrs.store(void)
        lrs.store(first)
    else:
        lrs.store(*([first, void] if way == "in one batch" else [void, first]))
    assert lrs.get(voidedStatementId=first["id"]).status_code == 200
    assert lrs.ids() == [void["id"]]


def test_a_voiding_statement_cannot_be_voided(lrs: Client) -> None:
    first = statement()
    void = voiding(first["id"])
    lrs.store(first, void)
    lrs.store(voiding(void["id"]))
    assert lrs.get(statementId=void["id"]).status_code == 200
    assert lrs.get(voidedStatementId=first["id"]).status_code == 200


def test_an_unrelated_reference_voids_nothing(lrs: Client) -> None:
    first = statement()
    lrs.store(first, statement(object=reference(first["id"])))
    assert lrs.get(statementId=first["id"]).status_code == 200


@pytest.mark.parametrize("order", ["target first", "target last", "one batch"])
def test_a_statement_about_a_match_is_found_with_it_along_the_chain(lrs: Client, order: str) -> None:
    deed = statement(actor=agent("ben"), object=activity("explosives"))
    confirmed = statement(
        actor=agent("andrew"), verb={"id": "https://x.example/confirmed"}, object=reference(deed["id"])
    )
    liked = statement(
        actor=agent("carl"), verb={"id": "https://x.example/liked"}, object=reference(confirmed["id"])
    )
    chain = [deed, confirmed, liked]
    if order == "one batch":
        lrs.store(*chain)
    else:
        for one in chain if order == "target first" else chain[::-1]:
            lrs.store(one)
    everything = {one["id"] for one in chain}
    assert set(lrs.ids(agent=agent("ben"))) == everything
    assert set(lrs.ids(activity=activity("explosives")["id"])) == everything
    assert set(lrs.ids(agent=agent("andrew"))) == {confirmed["id"], liked["id"]}
    assert set(lrs.ids(agent=agent("ben"), verb=REPLIED)) == everything
    # Ben confirmed nothing: two filters are met by one statement, not by two of a chain together.
    assert lrs.ids(agent=agent("ben"), verb="https://x.example/confirmed") == []


def test_a_link_that_arrives_last_joins_both_ends_of_a_chain(lrs: Client) -> None:
    deed = statement(actor=agent("ben"))
    middle = statement(actor=agent("andrew"), object=reference(deed["id"]))
    end = statement(actor=agent("carl"), object=reference(middle["id"]))
    lrs.store(end)
    lrs.store(deed)
    assert lrs.ids(agent=agent("ben")) == [deed["id"]]
    lrs.store(middle)
    assert set(lrs.ids(agent=agent("ben"))) == {deed["id"], middle["id"], end["id"]}


def test_statements_that_refer_to_each_other_are_no_endless_loop(lrs: Client) -> None:
    one_id, other_id = new_id(), new_id()
    one = statement(id=one_id, actor=agent("ann"), object=reference(other_id))
    other = statement(id=other_id, actor=agent("bob"), object=reference(one_id))
    itself_id = new_id()
    lrs.store(one)
    lrs.store(other)
    lrs.store(statement(id=itself_id, actor=agent("carl"), object=reference(itself_id)))
    assert set(lrs.ids(agent=agent("ann"))) == {one_id, other_id}
    assert lrs.ids(agent=agent("carl")) == [itself_id]


def test_what_refers_to_a_voided_match_is_still_found(lrs: Client) -> None:
    deed = statement(actor=agent("ben"))
    void = voiding(deed["id"], actor=agent("admin"))
    lrs.store(deed, void)
    assert lrs.ids(agent=agent("ben")) == [void["id"]]


def test_time_applies_to_the_one_that_refers(lrs: Client) -> None:
    deed = statement(actor=agent("ben"))
    comment = statement(actor=agent("ann"), object=reference(deed["id"]))
    lrs.store(deed)
    lrs.store(comment)
    stored = lrs.one(deed["id"])["stored"]
    assert lrs.ids(agent=agent("ben"), since=stored) == [comment["id"]]


def test_a_reference_in_the_context_or_a_substatement_changes_nothing(lrs: Client) -> None:
    deed = statement(actor=agent("ben"))
    answered = statement(actor=agent("ann"), context={"statement": reference(deed["id"])})
    planned = statement(
        actor=agent("ann"), object=sub_statement(actor=agent("ann"), object=reference(deed["id"]))
    )
    lrs.store(deed, answered, planned)
    assert lrs.ids(agent=agent("ben")) == [deed["id"]]


def test_a_page_over_references_counts_each_statement_once(lrs: Client) -> None:
    """Both ends of a chain match, so its far end has two reasons to be found."""
    deed = statement(actor=agent("ben"))
    again = statement(actor=agent("ben"), object=reference(deed["id"]))
    end = statement(actor=agent("ann"), object=reference(again["id"]))
    lrs.store(deed, again, end)
    seen: list[str] = []
    answer = lrs.get(agent=agent("ben"), limit=1)
    while True:
        seen += [one["id"] for one in answer.get_json()["statements"]]
        if not answer.get_json()["more"]:
            break
        answer = lrs.more(answer)
    assert seen == [end["id"], again["id"], deed["id"]]
