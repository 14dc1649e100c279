"""The foreign validator tells a good statement from a bad one."""

from typing import Any

from tests.services.validator import XapiValidator

GOOD: dict[str, Any] = {
    "actor": {"mbox": "mailto:ada@lms.example"},
    "verb": {"id": "http://activitystrea.ms/create"},
    "object": {"id": "https://tool.example/entries/1"},
}


def test_a_valid_statement_has_no_errors(xapi_validator: XapiValidator) -> None:
    assert xapi_validator([GOOD, GOOD]) == [[], []]


def test_each_error_is_named_with_its_place(xapi_validator: XapiValidator) -> None:
    without_object = {"actor": GOOD["actor"], "verb": {"id": "no IRI"}}
    [[verb, missing], unknown] = xapi_validator([without_object, {**GOOD, "mood": "fine"}])
    assert verb.startswith("statement.verb.id: TypeWarning")
    assert missing == "statement.object: RequiredWarning"
    assert unknown[0].startswith("statement: RestrictedKeysWarning mood")
