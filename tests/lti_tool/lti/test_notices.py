"""Notices of a platform: believed when signed, taken once, and of use when a copied course is opened."""

from typing import Any
from uuid import uuid4

import pytest
from werkzeug.test import TestResponse

from lti_tool.lti.claims import CLAIM
from lti_tool.lti.models import CopiedContext
from lti_tool.lti.notices import MOST_NOTICES
from lti_tool.sandbox.services.notices import COPIED, HELLO
from social_layer.panels.models import Panel, TemplateVersion
from tests.lti_tool.lti.launching import Course, config_of


def send(lms: Course, *tokens: Any) -> TestResponse:
    return lms.app.test_client().post("/lti/notices", json={"notices": [{"jwt": token} for token in tokens]})


def copied(lms: Course, **changes: Any) -> str:
    """The token of a notice that the course "copy" is one of the course "origin"."""
    claims = {
        f"{CLAIM}context": {"id": "copy", "title": "Copy"},
        f"{CLAIM}origin_contexts": ["origin", "older"],
    }
    sandbox = lms.sandbox
    token: str = sandbox.notices.token(sandbox.registration, COPIED, claims | changes)
    return token


@pytest.fixture
def lms(canvas: Course) -> Course:
    canvas.launch("amara")  # its deployment is known from here on
    return canvas


def test_a_copy_is_noted_once_however_often_it_is_told(lms: Course) -> None:
    token = copied(lms)
    assert [send(lms, token).status_code for _ in range(2)] == [200, 200]
    assert send(lms, copied(lms), token).status_code == 200
    noted = {(row.lti_context_id, row.origin_context_id) for row in lms.rows(CopiedContext)}
    assert noted == {("copy", "origin"), ("copy", "older")}
    assert len(lms.rows(CopiedContext)) == 2


def test_a_copy_that_says_nothing_itself_is_known_by_the_notice(lms: Course) -> None:
    sandbox = lms.sandbox
    key = f"origin-{uuid4()}"
    source = sandbox.add_course(key, "Rivers", members={"amara": "instructor"})
    sandbox.add_link(f"{key}-link", key, "By the river")
    config = config_of(lms.launch("amara", f"{key}-link"))
    done = lms.app.test_client().post(
        f"/panels/{config['panel_id']}/setup",
        data={"kind": "reflection", "title": "On the bank", "purpose": "", "prompt": "Look"},
        headers={"Authorization": f"Bearer {config['token']}", "HX-Request": "true"},
    )
    assert done.status_code == 200
    copy = sandbox.copy_course(key, f"{key}-copy")
    context = {f"{CLAIM}context": {"id": copy.id}, f"{CLAIM}origin_contexts": [source.id]}
    assert send(lms, copied(lms, **context)).status_code == 200

    (link,) = sandbox.world.links_of(copy)
    panel_id = config_of(lms.launch("amara", link.key))["panel_id"]
    (panel,) = [row for row in lms.rows(Panel) if str(row.id) == panel_id]
    (settings,) = [row for row in lms.rows(TemplateVersion) if row.id == panel.template_version_id]
    assert (settings.title, settings.kind, settings.prompt) == ("On the bank", "reflection", "Look")


def test_other_notices_are_taken_and_change_nothing(lms: Course) -> None:
    sandbox = lms.sandbox
    for kind in (HELLO, "LtiUnheardOfNotice"):
        assert send(lms, sandbox.notices.token(sandbox.registration, kind, {})).status_code == 200
    assert lms.rows(CopiedContext) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"iss": "https://elsewhere.example"}, "platform_unknown"),
        ({"aud": "another"}, "platform_unknown"),
        ({"aud": None}, "platform_unknown"),
        ({"aud": ["x"] * 50}, "platform_unknown"),
        ({"azp": "another"}, "authorized_party_wrong"),
        ({"exp": 1}, "id_token_expired"),
        ({"iat": 1}, "issued_long_ago"),
        ({"iat": None}, "times_missing"),
        ({f"{CLAIM}version": "1.1"}, "lti_version_wrong"),
        ({f"{CLAIM}deployment_id": "another"}, "deployment_unknown"),
        ({f"{CLAIM}notice": None}, "claim_missing"),
        ({f"{CLAIM}notice": 7}, "claim_wrong"),
        ({f"{CLAIM}context": {"id": "\x00"}}, "claim_wrong"),
        ({f"{CLAIM}origin_contexts": "origin"}, "claim_wrong"),
        ({f"{CLAIM}origin_contexts": ["x"] * 21}, "claim_wrong"),
    ],
)
def test_a_notice_that_is_wrong_is_refused_by_its_own_reason(
    lms: Course, changes: dict[str, Any], code: str
) -> None:
    answer = send(lms, copied(lms, **changes))
    assert 400 <= answer.status_code < 500
    assert code in answer.text
    assert lms.rows(CopiedContext) == []


def test_a_notice_that_was_altered_is_refused(lms: Course) -> None:
    header, _, signature = copied(lms).split(".")
    _, body, _ = copied(lms, **{f"{CLAIM}origin_contexts": ["forged"]}).split(".")
    assert "signature_wrong" in send(lms, f"{header}.{body}.{signature}").text
    assert lms.rows(CopiedContext) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"7",
        b'{"notices": 7}',
        b'{"notices": [7]}',
        b'{"notices": [{"jwt": 7}]}',
        b"[" * 99_999,
    ],
)
def test_what_is_no_list_of_notices_is_refused(lms: Course, body: bytes) -> None:
    answer = lms.app.test_client().post("/lti/notices", data=body, content_type="application/json")
    assert (answer.status_code, "notices_malformed" in answer.text) == (400, True)


def test_too_many_at_once_are_refused_and_nonsense_is_no_token(lms: Course) -> None:
    assert send(lms, *["x"] * (MOST_NOTICES + 1)).status_code == 400
    assert "id_token_malformed" in send(lms, "a.b.c").text
    assert send(lms).status_code == 200
