"""What the validator lets pass and what it refuses, beside a foreign validator's opinion."""

import copy
from typing import Any

import pytest

from tests.services.validator import XapiValidator
from tests.xapi.lrs.client import Json, activity, agent, new_id, reference
from xapi.lrs.validation import validate_statement

SHA2 = "495395e777cd98da653df9615d09c0fd6bb2f8d4788394cd53c56a3bfdcd848a"
PICTURE = {
    "usageType": "https://x.example/usage",
    "display": {"en": "A picture"},
    "contentType": "image/png",
    "length": 27,
    "sha2": SHA2,
}
FULL: Json = {
    "id": "6690e6c9-3ef0-4ed3-8b37-7f3964730bee",
    "actor": {
        "objectType": "Group",
        "name": "Team",
        "mbox": "mailto:team@x.example",
        "member": [
            {"name": "Ann", "account": {"homePage": "https://lms.example", "name": "1"}},
            {"objectType": "Agent", "openid": "https://bob.example/"},
            {"mbox_sha1sum": "ebd31e95054c018b10727ccffd2ef2ec3a016ee9"},
        ],
    },
    "verb": {
        "id": "http://adlnet.gov/expapi/verbs/attended",
        "display": {"en-GB": "attended", "zh-Hant": "x"},
    },
    "object": {
        "objectType": "Activity",
        "id": "https://x.example/meeting/1",
        "definition": {
            "name": {"en": "A meeting"},
            "description": {"en": "Held once"},
            "type": "http://adlnet.gov/expapi/activities/cmi.interaction",
            "moreInfo": "https://x.example/more",
            "interactionType": "choice",
            "correctResponsesPattern": ["a[,]b"],
            "choices": [{"id": "a", "description": {"en": "A"}}, {"id": "b"}],
            "extensions": {"https://x.example/e": {"any": [None, 1, {"Thing": None}]}},
        },
    },
    "result": {
        "score": {"scaled": 0.5, "raw": 5, "min": 0, "max": 10},
        "success": True,
        "completion": False,
        "response": "a",
        "duration": "PT1H2M3.45S",
        "extensions": {"https://x.example/e": None},
    },
    "context": {
        "registration": "ec531277-b57b-4c15-8d91-d292c5b2b8f7",
        "instructor": {"mbox": "mailto:i@x.example"},
        "team": {"objectType": "Group", "mbox": "mailto:team@x.example"},
        "contextActivities": {
            "parent": [{"id": "https://x.example/p"}],
            "grouping": [{"id": "https://x.example/g"}],
            "category": [],
            "other": [{"objectType": "Activity", "id": "https://x.example/o"}],
        },
        "revision": "1",
        "platform": "Alongside",
        "language": "de-CH",
        "statement": {"objectType": "StatementRef", "id": "7690e6c9-3ef0-4ed3-8b37-7f3964730bee"},
        "extensions": {"https://x.example/e": ""},
    },
    "timestamp": "2026-05-18T05:32:34.804+02:00",
    "stored": "2026-05-18T05:32:34.804Z",
    "authority": {"account": {"homePage": "https://lrs.example/", "name": "x"}},
    "version": "1.0.0",
    "attachments": [{**PICTURE, "description": {"en": "Ours"}, "fileUrl": "https://x.example/f"}],
}
SUB: Json = {
    "objectType": "SubStatement",
    "actor": agent(),
    "verb": {"id": "https://x.example/plans"},
    "object": {"id": "https://x.example/site"},
    "context": {"platform": "Alongside"},
    "timestamp": "2030-01-01T00:00:00Z",
}
SIMPLE: Json = {"actor": agent(), "verb": {"id": "https://x.example/did"}, "object": activity()}
ANONYMOUS = {"objectType": "Group", "member": [{"mbox": "mailto:a@x.example"}]}

GONE = object()


def changed(base: Json, path: str, value: Any) -> Json:
    """A copy of `base` with one place changed, or removed where the value is GONE."""
    made = copy.deepcopy(base)
    *way, last = path.split("/")
    place: Any = made
    for key in way:
        place = place[int(key)] if isinstance(place, list) else place.setdefault(key, {})
    if value is GONE:
        del place[last]
    elif isinstance(place, list):
        place[int(last)] = value
    else:
        place[last] = value
    return made


VALID: dict[str, Json] = {
    "everything at once": FULL,
    "the least there can be": SIMPLE,
    "an agent as object": {**SIMPLE, "object": agent("bob")},
    "a group as object": {**SIMPLE, "object": ANONYMOUS},
    "a reference as object": {**SIMPLE, "object": reference(new_id())},
    "a substatement": {**SIMPLE, "object": SUB},
    "a substatement about a reference": {
        **SIMPLE, "object": {**SUB, "context": {}, "object": reference(new_id())},
    },
    "a substatement about an agent": {**SIMPLE, "object": {**SUB, "context": {}, "object": agent()}},
    "voiding": {
        **SIMPLE, "verb": {"id": "http://adlnet.gov/expapi/verbs/voided"}, "object": reference(new_id()),
    },
    "a pair as authority": {
        **SIMPLE,
        "authority": {
            "objectType": "Group",
            "member": [
                {"account": {"homePage": "https://lrs.example/token", "name": "app"}},
                {"mbox": "mailto:u@x.example"},
            ],
        },
    },
    "an attachment without address": {**SIMPLE, "attachments": [PICTURE]},
    "empty maps": {**SIMPLE, "result": {}, "context": {"contextActivities": {}, "extensions": {}}},
    "null inside extensions": {**SIMPLE, "context": {"extensions": {"https://x.example/e": [None]}}},
    "no choices": changed(FULL, "object/definition/choices", []),
    "a single context activity": changed(FULL, "context/contextActivities/parent", activity()),
    "raw alone": {**SIMPLE, "result": {"score": {"raw": -70.5}}},
    "a uuid in capitals": {**SIMPLE, "id": new_id().upper()},
    "a urn": {**SIMPLE, "object": {"id": "urn:uuid:6690e6c9-3ef0-4ed3-8b37-7f3964730bee"}},
    "an iri with letters of the world": {**SIMPLE, "object": {"id": "https://x.example/größe/学"}},
}  # fmt: skip
for name, kind, lists in [
    ("likert", "likert", {"scale": [{"id": "1"}]}),
    ("matching", "matching", {"source": [{"id": "1"}], "target": [{"id": "1"}]}),
    ("performance", "performance", {"steps": [{"id": "1"}]}),
    ("sequencing", "sequencing", {"choices": [{"id": "1"}]}),
    ("true-false", "true-false", {}),
    ("numeric", "numeric", {"correctResponsesPattern": ["4[:]5"]}),
    ("fill-in", "fill-in", {"correctResponsesPattern": ["{lang=en}x"]}),
    ("long-fill-in", "long-fill-in", {}),
    ("other", "other", {}),
]:
    definition = {"interactionType": kind, **lists}
    VALID[f"interaction {name}"] = {**SIMPLE, "object": {**activity(), "definition": definition}}
for text in ["PT0S", "P1Y2M3DT4H5M6S", "P4W", "PT0.01S", "P3Y", "PT36H", "PT1M30S"]:
    VALID[f"duration {text}"] = {**SIMPLE, "result": {"duration": text}}
for text in [
    "2026-01-31T23:59:59Z", "2026-01-31T23:59:59.1234567Z", "2024-02-29T00:00:00-05:30",
    "2026-01-31T23:59:59+00:00", "2026-01-31T23:59:59+02",
]:  # fmt: skip
    VALID[f"timestamp {text}"] = {**SIMPLE, "timestamp": text}
for text in ["en", "en-US", "cmn-Hans-CN", "es-419", "de-CH-1996", "x-our-own", "i-klingon", "sl-rozaj"]:
    VALID[f"language {text}"] = {**SIMPLE, "context": {"language": text}}

# Name: (statement, path of the problem, whether the foreign validator refuses it too)
INVALID: dict[str, tuple[Any, str, bool]] = {
    "no object": ([], "$", True),
    "no actor": (changed(SIMPLE, "actor", GONE), "$.actor", True),
    "no verb": (changed(SIMPLE, "verb", GONE), "$.verb", True),
    "no object property": (changed(SIMPLE, "object", GONE), "$.object", True),
    "no verb id": (changed(SIMPLE, "verb", {}), "$.verb.id", True),
    "unknown property": ({**SIMPLE, "foo": 1}, "$.foo", True),
    "a key in another case": ({**SIMPLE, "Timestamp": "2026-01-01T00:00:00Z"}, "$.Timestamp", True),
    "a value in another case": (changed(SIMPLE, "actor/objectType", "agent"), "$.actor.objectType", True),
    "two identifiers": (changed(SIMPLE, "actor/mbox", "mailto:a@x.example"), "$.actor", True),
    "no identifier": (changed(SIMPLE, "actor", {"name": "Ann"}), "$.actor", True),
    "a member of an agent": (changed(SIMPLE, "actor/member", []), "$.actor.member", True),
    "an account without home page": (
        changed(SIMPLE, "actor/account/homePage", GONE), "$.actor.account.homePage", True,
    ),
    "an account without name": (changed(SIMPLE, "actor/account/name", GONE), "$.actor.account.name", True),
    "a number as account name": (changed(SIMPLE, "actor/account/name", 7), "$.actor.account.name", True),
    "an unknown property of an account": (
        changed(SIMPLE, "actor/account/x", "y"), "$.actor.account.x", True,
    ),
    "a relative home page": (
        changed(SIMPLE, "actor/account/homePage", "lms.example"), "$.actor.account.homePage", True,
    ),
    "an mbox that is no mailto": ({**SIMPLE, "actor": {"mbox": "a@x.example"}}, "$.actor.mbox", True),
    "an mbox without a host": ({**SIMPLE, "actor": {"mbox": "mailto:a"}}, "$.actor.mbox", True),
    "a short sha1": ({**SIMPLE, "actor": {"mbox_sha1sum": "abc"}}, "$.actor.mbox_sha1sum", True),
    "a relative openid": ({**SIMPLE, "actor": {"openid": "/bob"}}, "$.actor.openid", True),
    "an anonymous group without members": ({**SIMPLE, "actor": {"objectType": "Group"}}, "$.actor.member", True),
    "a group of groups": (
        {**SIMPLE, "actor": {"objectType": "Group", "member": [ANONYMOUS]}},
        "$.actor.member[0].objectType", False,
    ),
    "members that are no list": (
        {**SIMPLE, "actor": {"objectType": "Group", "member": agent()}}, "$.actor.member", True,
    ),
    "a number as name": (changed(SIMPLE, "actor/name", 1), "$.actor.name", True),
    "a group with two identifiers": (
        changed(FULL, "actor/openid", "https://x.example/"), "$.actor", True,
    ),
    "an agent object without objectType": (
        {**SIMPLE, "object": {"mbox": "mailto:a@x.example"}}, "$.object.mbox", True,
    ),
    "an unknown objectType": (changed(SIMPLE, "object/objectType", "Thing"), "$.object.objectType", True),
    "an objectType that is no string": (changed(SIMPLE, "object/objectType", 1), "$.object.objectType", True),
    "an activity without id": ({**SIMPLE, "object": {"objectType": "Activity"}}, "$.object.id", True),
    "a relative activity id": (changed(SIMPLE, "object/id", "/entry/1"), "$.object.id", True),
    "an activity id with a space": (changed(SIMPLE, "object/id", "https://x.example/a b"), "$.object.id", False),
    "an empty activity id": (changed(SIMPLE, "object/id", ""), "$.object.id", True),
    "an unknown property of an activity": (changed(SIMPLE, "object/name", "x"), "$.object.name", True),
    "a name that is no language map": (
        changed(FULL, "object/definition/name", "x"), "$.object.definition.name", True,
    ),
    "a language that is none": (
        changed(FULL, "object/definition/name", {"en_US!": "x"}), "$.object.definition.name['en_US!']", True,
    ),
    "a number in a language map": (
        changed(FULL, "object/definition/name", {"en": 1}), "$.object.definition.name.en", True,
    ),
    "a relative type": (changed(FULL, "object/definition/type", "quiz"), "$.object.definition.type", True),
    "an unknown interaction type": (
        changed(FULL, "object/definition/interactionType", "Choice"),
        "$.object.definition.interactionType", True,
    ),
    "choices without interaction type": (
        changed(FULL, "object/definition/interactionType", GONE),
        "$.object.definition.interactionType", True,
    ),
    "a scale in a choice": (
        changed(FULL, "object/definition/scale", [{"id": "a"}]), "$.object.definition.scale", True,
    ),
    "a component id twice": (
        changed(FULL, "object/definition/choices", [{"id": "a"}, {"id": "a"}]),
        "$.object.definition.choices[1].id", False,
    ),
    "a component without id": (
        changed(FULL, "object/definition/choices", [{}]), "$.object.definition.choices[0].id", True,
    ),
    "a pattern that is no list": (
        changed(FULL, "object/definition/correctResponsesPattern", "a"),
        "$.object.definition.correctResponsesPattern", True,
    ),
    "a pattern of numbers": (
        changed(FULL, "object/definition/correctResponsesPattern", [1]),
        "$.object.definition.correctResponsesPattern[0]", True,
    ),
    "an extension without IRI": (
        changed(FULL, "context/extensions", {"level": 1}), "$.context.extensions.level", True,
    ),
    "a reference with another property": (
        {**SIMPLE, "object": {**reference(new_id()), "definition": {}}}, "$.object.definition", True,
    ),
    "a reference that is no UUID": ({**SIMPLE, "object": reference("1")}, "$.object.id", True),
    "a reference without id": ({**SIMPLE, "object": {"objectType": "StatementRef"}}, "$.object.id", True),
    "a substatement in a substatement": ({**SIMPLE, "object": {**SUB, "object": SUB}}, "$.object.object", True),
    "a substatement with an id": ({**SIMPLE, "object": {**SUB, "id": new_id()}}, "$.object.id", True),
    "a substatement with stored": (
        {**SIMPLE, "object": {**SUB, "stored": "2026-01-01T00:00:00Z"}}, "$.object.stored", True,
    ),
    "a substatement with authority": ({**SIMPLE, "object": {**SUB, "authority": agent()}}, "$.object.authority", True),
    "a substatement with version": ({**SIMPLE, "object": {**SUB, "version": "1.0.0"}}, "$.object.version", True),
    "a substatement without actor": ({**SIMPLE, "object": changed(SUB, "actor", GONE)}, "$.object.actor", True),
    "a platform in a substatement about an agent": (
        {**SIMPLE, "object": {**SUB, "object": agent()}}, "$.object.context.platform", True,
    ),
    "voiding an activity": (
        changed(SIMPLE, "verb/id", "http://adlnet.gov/expapi/verbs/voided"), "$.object", True,
    ),
    "a platform without an activity": (
        {**SIMPLE, "object": agent(), "context": {"platform": "x"}}, "$.context.platform", True,
    ),
    "a revision without an activity": (
        {**SIMPLE, "object": reference(new_id()), "context": {"revision": "x"}}, "$.context.revision", True,
    ),
    "a team that is an agent": (changed(FULL, "context/team", agent()), "$.context.team.objectType", True),
    "a registration that is no UUID": (
        changed(FULL, "context/registration", "1"), "$.context.registration", True,
    ),
    "an unknown context activity": (
        changed(FULL, "context/contextActivities/parents", []), "$.context.contextActivities.parents", True,
    ),
    "a context activity without id": (
        changed(FULL, "context/contextActivities/parent", [{}]),
        "$.context.contextActivities.parent[0].id", True,
    ),
    "a context activity that is an agent": (
        changed(FULL, "context/contextActivities/parent", [agent()]),
        "$.context.contextActivities.parent[0].account", True,
    ),
    "a context statement without objectType": (
        changed(FULL, "context/statement", {"id": new_id()}), "$.context.statement.objectType", False,
    ),
    "a context statement that is a substatement": (
        changed(FULL, "context/statement", SUB), "$.context.statement.objectType", True,
    ),
    "a scaled score above one": (changed(FULL, "result/score/scaled", 1.01), "$.result.score.scaled", True),
    "a scaled score below minus one": (changed(FULL, "result/score/scaled", -2), "$.result.score.scaled", True),
    "a raw score above max": (changed(FULL, "result/score/raw", 11), "$.result.score.raw", True),
    "a raw score below min": (changed(FULL, "result/score/raw", -1), "$.result.score.raw", True),
    "min above max": (changed(FULL, "result/score", {"min": 2, "max": 1}), "$.result.score.min", True),
    "a score as string": (changed(FULL, "result/score/raw", "5"), "$.result.score.raw", True),
    "a score as boolean": (changed(FULL, "result/score/raw", True), "$.result.score.raw", True),
    "an unknown score": (changed(FULL, "result/score/average", 1), "$.result.score.average", True),
    "a score that is a number": (changed(FULL, "result/score", 1), "$.result.score", True),
    "success as string": (changed(FULL, "result/success", "true"), "$.result.success", True),
    "completion as number": (changed(FULL, "result/completion", 1), "$.result.completion", True),
    "a response that is a number": (changed(FULL, "result/response", 1), "$.result.response", True),
    "a version 1.1": ({**SIMPLE, "version": "1.1.0"}, "$.version", True),
    "a version 0.9": ({**SIMPLE, "version": "0.9.0"}, "$.version", True),
    "an id that is no UUID": ({**SIMPLE, "id": "1"}, "$.id", True),
    "an id of another variant": (
        {**SIMPLE, "id": "6690e6c9-3ef0-4ed3-0b37-7f3964730bee"}, "$.id", True,
    ),
    "an empty id": ({**SIMPLE, "id": ""}, "$.id", True),
    "an authority that is a group of three": (
        {**SIMPLE, "authority": {"objectType": "Group", "member": [agent(), agent(), agent()]}},
        "$.authority", True,
    ),
    "an authority that is a named group": (
        {**SIMPLE, "authority": {**ANONYMOUS, "mbox": "mailto:g@x.example", "member": [agent(), agent()]}},
        "$.authority", True,
    ),
    "attachments that are no list": ({**SIMPLE, "attachments": PICTURE}, "$.attachments", True),
    "an attachment with a text length": (
        {**SIMPLE, "attachments": [{**PICTURE, "length": "27"}]}, "$.attachments[0].length", True,
    ),
    "an attachment with a fraction as length": (
        {**SIMPLE, "attachments": [{**PICTURE, "length": 2.7}]}, "$.attachments[0].length", True,
    ),
    "an attachment with a negative length": (
        {**SIMPLE, "attachments": [{**PICTURE, "length": -1}]}, "$.attachments[0].length", False,
    ),
    "an attachment with a bad type": (
        {**SIMPLE, "attachments": [{**PICTURE, "contentType": "picture"}]}, "$.attachments[0].contentType", True,
    ),
    "an attachment with a bad hash": (
        {**SIMPLE, "attachments": [{**PICTURE, "sha2": "xyz"}]}, "$.attachments[0].sha2", False,
    ),
    "an attachment with a relative address": (
        {**SIMPLE, "attachments": [{**PICTURE, "fileUrl": "f.png"}]}, "$.attachments[0].fileUrl", True,
    ),
}  # fmt: skip
for key in ("usageType", "display", "contentType", "length", "sha2"):
    INVALID[f"an attachment without {key}"] = (
        {**SIMPLE, "attachments": [changed(PICTURE, key, GONE)]}, f"$.attachments[0].{key}", True,
    )  # fmt: skip
for text in ["1 hour", "P", "PT", "P1Y2W", "P1DT", "P1W1D", "PT1S1M", "pt1s", "", "P1.5Y2M", "P-1D"]:
    INVALID[f"duration {text!r}"] = (
        {**SIMPLE, "result": {"duration": text}}, "$.result.duration",
        # The foreign validator also takes weeks beside years, an empty time part and an early fraction.
        text not in ("P1Y2W", "P1DT"),
    )  # fmt: skip
for text in [
    "now", "", "2026-01-31", "2026-01-31T10:00:00", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z",
    "2026-01-31T24:00:00Z", "2026-01-31T10:60:00Z", "2026-01-31T10:00:00-00", "2026-01-31T10:00:00-0000",
    "2026-01-31T10:00:00-00:00", "2026-01-31 10:00:00Z", "2026-01-31T10:00:00+25:00", "20260131T100000Z",
]:  # fmt: skip
    INVALID[f"timestamp {text!r}"] = (
        {**SIMPLE, "timestamp": text}, "$.timestamp",
        # It takes a bare date, the basic format, and any day up to 31.
        text not in ("2026-01-31", "20260131T100000Z", "2026-02-30T00:00:00Z"),
    )  # fmt: skip
for text in ["", "e", "english language", "en_US", "en-", "-en", "12"]:
    INVALID[f"language {text!r}"] = ({**SIMPLE, "context": {"language": text}}, "$.context.language", True)


def places(value: Any, path: str = "") -> list[str]:
    """The path of every property and element, but none inside of extensions."""
    found: list[str] = []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in items:
        here = f"{path}/{key}" if path else str(key)
        found.append(here)
        if key != "extensions":
            found += places(child, here)
    return found


@pytest.mark.parametrize("name", VALID)
def test_a_valid_statement_has_no_problems(name: str) -> None:
    assert validate_statement(VALID[name]) == []


@pytest.mark.parametrize("name", INVALID)
def test_an_invalid_statement_is_told_where_it_is_wrong(name: str) -> None:
    statement, path, _ = INVALID[name]
    problems = validate_statement(statement)
    assert path in [problem.path for problem in problems], problems
    assert all(problem.code and problem.message.endswith(".") for problem in problems)


def test_null_is_refused_at_every_place_outside_of_extensions() -> None:
    for path in places(FULL):
        assert validate_statement(changed(FULL, path, None)), path


def test_every_place_refuses_a_value_of_another_type() -> None:
    for path in places(FULL):
        for value in (7, True, "", [], [[]], 1.5, {"x": 1}):
            problems = validate_statement(changed(FULL, path, value))
            fits = {
                "result/score": value == [],
                "context/contextActivities/parent": value == [],
            }
            last = path.rsplit("/", 1)[-1]
            plain_text = value == "" and last in (
                "name",
                "response",
                "revision",
                "platform",
                "en",
                "en-GB",
                "zh-Hant",
                "id",
            )
            number = type(value) in (int, float) and last in ("min", "max", "raw", "scaled", "length")
            boolean = value is True and last in ("success", "completion")
            empty_list = value == [] and last in (
                "parent",
                "grouping",
                "category",
                "other",
                "choices",
                "attachments",
                "member",
                "correctResponsesPattern",
            )
            text_in_list = value == "" and path.startswith("object/definition/correctResponsesPattern/")
            if not (fits.get(path) or plain_text or number or boolean or empty_list or text_in_list):
                assert problems, (path, value)


def test_all_problems_of_a_statement_are_told_at_once() -> None:
    broken = {**SIMPLE, "id": "1", "verb": {"id": "x"}, "result": {"score": {"scaled": 5}}, "foo": 1}
    assert {problem.path for problem in validate_statement(broken)} == {
        "$.id", "$.verb.id", "$.result.score.scaled", "$.foo",
    }  # fmt: skip


def test_a_foreign_validator_agrees(xapi_validator: XapiValidator) -> None:
    for name, opinion in zip(VALID, xapi_validator(VALID.values()), strict=True):
        # It leaves no room for what senders of version 0.95 wrote, but the standard does.
        assert bool(opinion) is (name == "a single context activity"), (name, opinion)
    refusals = xapi_validator(statement for statement, _, _ in INVALID.values())
    for name, opinion in zip(INVALID, refusals, strict=True):
        assert bool(opinion) is INVALID[name][2], (name, opinion)
