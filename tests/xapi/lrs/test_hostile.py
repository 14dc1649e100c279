"""Whatever is sent: never a 500, never a statement stored that should not be."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from tests.xapi.lrs.client import Client, Json
from tests.xapi.lrs.test_attachments import BOUNDARY, GOOD, MIXED
from tests.xapi.lrs.test_validation import FULL, SUB, VALID, changed, places
from xapi.lrs.validation import validate_statement

HOSTILE = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

# Strings that have broken servers: halves of surrogate pairs, NUL, direction marks, long ones.
texts = some.text(some.characters(codec=None), max_size=20) | some.sampled_from(
    ["\x00", "\ud800", "￿", "\u202e", "a" * 10_000, "mailto:\ud800@x.example", "https://x.example/\x00", "é"]
)
numbers = some.integers() | some.floats() | some.sampled_from([10**4000, -(10**4000), 1e308, 5e-324, -0.0])
values = some.recursive(
    some.none() | some.booleans() | numbers | texts,
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
statements = some.sampled_from([*VALID.values(), {**FULL, "object": SUB}])


@some.composite
def almost_statements(draw: some.DrawFn) -> Json:
    """A valid statement, mostly new, with up to three places replaced by anything."""
    made = {**draw(statements), "id": draw(some.uuids(version=4).map(str) | some.just(FULL["id"]))}
    for _ in range(draw(some.integers(1, 3))):
        made = changed(made, draw(some.sampled_from(places(made))), draw(values))
    return made


def well_answered(lrs: Client, answer: Any) -> None:
    assert answer.status_code in (200, 204, 400, 401, 404, 405, 409, 413), answer.get_data(as_text=True)
    if answer.status_code >= 400:
        body = answer.get_json()
        assert body["error"]
        assert body["message"]
    # And what was stored, if anything, can be read back in every format.
    for form in ("exact", "ids", "canonical"):
        read = lrs.get(format=form, limit=3)
        assert read.status_code == 200
        json.loads(read.get_data())


@HOSTILE
@given(almost_statements())
def test_the_validator_answers_for_anything(statement: Json) -> None:
    for problem in validate_statement(statement):
        assert problem.path.startswith("$")


@HOSTILE
@given(values)
def test_the_validator_answers_for_any_json(value: Any) -> None:
    validate_statement(value)


@HOSTILE
@given(almost_statements() | values)
def test_no_body_of_json_is_a_500(lrs: Client, value: Any) -> None:
    well_answered(lrs, lrs.post(json.dumps(value)))


@HOSTILE
@given(almost_statements())
def test_what_is_stored_is_valid_and_unchanged(lrs: Client, statement: Json) -> None:
    answer = lrs.post(json.dumps(statement))
    if answer.status_code == 200:
        assert validate_statement(statement) == []
        found = lrs.one(answer.get_json()[0]) if lrs.ids(limit=1) else {}
        for key in statement.keys() & found.keys() - {"stored", "authority", "context", "object"}:
            assert found[key] == statement[key]


@HOSTILE
@given(some.binary(max_size=200))
def test_no_body_of_bytes_is_a_500(lrs: Client, body: bytes) -> None:
    well_answered(lrs, lrs.post(body))
    well_answered(lrs, lrs.post(body, content_type=MIXED))


@HOSTILE
@given(some.integers(0, len(GOOD) - 1), some.binary(max_size=30), some.integers(0, 60))
def test_no_broken_multipart_is_a_500(lrs: Client, place: int, junk: bytes, cut: int) -> None:
    well_answered(lrs, lrs.post(GOOD[:place] + junk + GOOD[place + cut :], content_type=MIXED))


@HOSTILE
@given(some.text(max_size=40))
def test_no_boundary_is_a_500(lrs: Client, boundary: str) -> None:
    plain = boundary.encode("latin-1", "replace").decode("latin-1").replace("\r", "").replace("\n", "")
    body = GOOD.replace(BOUNDARY.encode(), boundary.encode("utf-8", "replace"))
    well_answered(lrs, lrs.post(body, content_type=f'multipart/mixed; boundary="{plain}"'))


PARAMETERS = (
    "statementId", "voidedStatementId", "agent", "verb", "activity", "registration", "related_agents",
    "related_activities", "since", "until", "limit", "format", "attachments", "ascending", "more", "method",
)  # fmt: skip


@HOSTILE
@given(
    some.dictionaries(
        some.sampled_from(PARAMETERS), some.text(max_size=30) | values.map(json.dumps), max_size=3
    )
)
def test_no_parameters_are_a_500(lrs: Client, parameters: dict[str, str]) -> None:
    query = {name: value.encode("utf-8", "replace").decode() for name, value in parameters.items()}
    for method in ("GET", "PUT", "POST", "HEAD"):
        answer = lrs.send(method, query_string=query, data=b"{}", content_type="application/json")
        assert answer.status_code in (200, 204, 400, 404, 405)


@HOSTILE
@given(some.binary(max_size=60), some.sampled_from(["GET", "PUT", "POST", "HEAD", "DELETE"]))
def test_no_form_is_a_500(lrs: Client, body: bytes, method: str) -> None:
    answer = lrs.http.post(
        f"/xAPI/statements?method={method}", data=body, content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code in (400, 401)


@HOSTILE
@given(some.text(some.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=60))
def test_no_header_is_a_500(lrs: Client, value: str) -> None:
    for name in ("Authorization", "Content-Type", "X-Experience-API-Version", "Accept-Language", "If-Match"):
        answer = lrs.get(headers={name: value}, format="canonical")
        assert answer.status_code in (200, 400, 401)


@pytest.mark.parametrize("depth", [100, 190, 250, 5_000, 100_000])
def test_deep_extensions_are_stored_or_refused_but_readable(lrs: Client, depth: int) -> None:
    deep = "[" * depth + "]" * depth
    text = json.dumps(changed(FULL, "context/extensions", {"https://x.example/deep": 0}))
    answer = lrs.post(text.replace('/deep": 0', f'/deep": {deep}'))
    assert answer.status_code == (200 if depth < 200 else 400)
    well_answered(lrs, answer)
