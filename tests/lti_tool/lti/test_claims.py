"""Names and ids in a message: what turns the direction of a line stands in none."""

import pytest
from marshmallow import ValidationError

from lti_tool.lti.claims import CLAIM, VERSION, launch_message
from social_layer.text import one_line

WHOLE = {
    CLAIM + "version": VERSION,
    CLAIM + "message_type": "LtiResourceLinkRequest",
    CLAIM + "deployment_id": "1",
    CLAIM + "roles": [],
    CLAIM + "resource_link": {"id": "7", "title": "Even\u202eings"},
    CLAIM + "context": {"id": "2", "title": "\u2067River\u2069", "label": "R\u202d1"},
    "sub": "9",
    "name": "\u202eAda\u202c Lovelace\u2066",
}
TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def test_names_and_titles_lose_them() -> None:
    message = launch_message(WHOLE)
    told = [message.name, message.link_title, message.context_title, message.context_label]
    assert not set("".join(filter(None, told))) & set(TURNING)
    assert message.name == "Ada Lovelace"
    assert message.context_title == "River"


@pytest.mark.parametrize("sign", TURNING)
def test_ids_with_one_are_refused_and_titles_lose_each(sign: str) -> None:
    with pytest.raises(ValidationError):
        launch_message({**WHOLE, "sub": f"9{sign}"})
    assert one_line(f"a{sign}b") == "ab"
