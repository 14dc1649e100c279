"""Line items: as recorded from Moodle, and as known of Canvas."""

import re
from typing import Any

import pytest

from tests.lti_tool.sandbox.conftest import Bench
from tests.lti_tool.sandbox.services.tool import AGS, ENDPOINT, ITEM, ITEMS, MAKES, RESULTS, Tool, part


def test_the_launch_names_the_endpoint_and_the_links_only_line_item(moodle: Bench) -> None:
    endpoint = moodle.claims("maya", "food-web")[ENDPOINT]
    assert endpoint["lineitems"] == "http://lms.test:8001/mod/lti/services.php/2/lineitems?type_id=1"
    assert endpoint["scope"] == [
        f"{AGS}lineitem",
        f"{AGS}lineitem.readonly",
        f"{AGS}result.readonly",
        f"{AGS}score",
    ]
    assert "lineitem" not in endpoint
    tool, link = Tool(moodle), moodle.sandbox.world.links["food-web"].id
    first = tool.make(resourceLinkId=link)
    assert moodle.claims("maya", "food-web")[ENDPOINT]["lineitem"] == first["id"]
    tool.make(resourceLinkId=link, tag="second")
    assert "lineitem" not in moodle.claims("maya", "food-web")[ENDPOINT]


def test_a_line_item_is_made_read_changed_and_removed(either: Tool) -> None:
    response = either.call("POST", either.url, content=ITEM, body=MAKES)
    made = response.get_json()
    assert response.status_code == 201
    assert response.headers["Content-Type"] == f"{ITEM}; charset=utf-8"
    assert made == MAKES | {"id": made["id"]}
    assert either.call("GET", made["id"], accept=ITEM).get_json() == made
    changed = made | {"label": "Reflection wk1 v2", "scoreMaximum": 30, "tag": "reflection2"}
    assert either.call("PUT", made["id"], content=ITEM, body=changed).get_json() == changed
    assert either.listed() == [changed]
    assert either.call("DELETE", made["id"]).status_code == 204
    gone = either.call("GET", made["id"], accept=ITEM)
    assert gone.status_code == 404
    assert either.listed() == []


def test_moodle_answers_refusals_as_they_were_recorded(tool: Tool) -> None:
    path = "/mod/lti/services.php/2/lineitems?type_id=1"
    wrong = tool.call("GET", tool.url, accept="application/json")
    assert wrong.status == "400 No handler found for /2/lineitems application/json"
    assert wrong.get_json()["request"]["url"] == path
    wrong = tool.call("POST", tool.url, content="application/json", body=MAKES)
    assert wrong.get_json()["reason"] == "No handler found for /2/lineitems  application/json"
    wrong = tool.call("POST", tool.url, content=ITEM, body={"scoreMaximum": 5})
    assert (wrong.status_code, wrong.get_json()["reason"]) == (400, "No label or Score Maximum")
    wrong = tool.call("POST", tool.url, content=ITEM, body=MAKES | {"resourceLinkId": "9999"})
    assert (wrong.status_code, wrong.get_json()["reason"]) == (403, "Forbidden")
    gone = tool.call("GET", tool.url.replace("lineitems", "lineitems/99/lineitem"), accept=ITEM)
    assert gone.get_json()["reason"] == "Not Found: Grade item 99 doesn't exist"


@pytest.mark.parametrize(
    "changes",
    [
        {"label": ""},
        {"label": 7},
        {"scoreMaximum": None},
        {"scoreMaximum": 0},
        {"scoreMaximum": "20"},
        {"tag": 1},
    ],
)
def test_a_wrong_line_item_is_refused(either: Tool, changes: dict[str, Any]) -> None:
    assert either.call("POST", either.url, content=ITEM, body=MAKES | changes).status_code == 400
    assert either.call("POST", either.url, content=ITEM, body=["not", "one"]).status_code == 400
    assert either.listed() == []


def test_line_items_are_filtered(either: Tool) -> None:
    link = either.bench.sandbox.world.links["food-web"].id
    coupled = either.make(resourceLinkId=link, tag="participation", resourceId="panel-1")
    either.make()
    for query in (f"resource_link_id={link}", "tag=participation", "resource_id=panel-1"):
        assert [each["id"] for each in either.listed(query)] == [coupled["id"]]
    assert either.listed("resource_link_id=9999") == []


def test_moodles_link_header_is_as_odd_as_recorded(tool: Tool) -> None:
    for number in range(11):
        tool.make(label=f"Item {number}")
    response = tool.call("GET", f"{tool.url}&limit=2", accept=ITEMS)
    assert [each["label"] for each in response.get_json()] == ["Item 0", "Item 1"]
    header = response.headers["Link"].encode("latin-1").decode()
    base = "<http://lms.test:8001/mod/lti/services.php/2/lineitems?type_id=1&amp;limit=2&amp;from"
    assert header == (
        f"{base}=0>; rel=“first”, {base}=0>; rel=“canonical”, {base}=2>; rel=“next”, {base}=10>; rel=“last”"
    )


def test_canvas_pages_line_items(canvas_tool: Tool) -> None:
    for number in range(13):
        canvas_tool.make(label=f"Item {number}")
    response = canvas_tool.call("GET", canvas_tool.url, accept=ITEMS)
    assert len(response.get_json()) == 10
    found = re.search(r'<([^>]+)>; rel="next"', response.headers["Link"])
    assert found is not None
    assert [e["label"] for e in canvas_tool.call("GET", found[1], accept=ITEMS).get_json()] == [
        "Item 10",
        "Item 11",
        "Item 12",
    ]


def test_a_tool_sees_and_touches_its_own_line_items_only(either: Tool) -> None:
    book = either.bench.sandbox.gradebook
    foreign = book.add("ecology", "another-client", "Theirs", 10)
    mine = either.make()
    assert [each["id"] for each in either.listed()] == [mine["id"]]
    url = re.sub(r"(lineitems|line_items)/\d+", rf"\1/{foreign.number}", mine["id"])
    assert either.call("GET", url, accept=ITEM).status_code == 403
    assert either.call("DELETE", url).status_code == 403
    assert either.score({"id": url}).status_code == 403
    assert foreign.number in book.items


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        ("lineitem", {"list", "make", "remove"}),
        ("lineitem.readonly", {"list"}),
        ("score", {"score"}),
        ("result.readonly", {"results"}),
    ],
)
def test_each_scope_opens_its_own_doors(either: Tool, scope: str, allowed: set[str]) -> None:
    item = either.make()
    sandbox = either.bench.sandbox
    either.token = sandbox.grants.issue(sandbox.registration, [f"{AGS}{scope}"])
    answers = {
        "list": either.call("GET", either.url, accept=ITEMS),
        "make": either.call("POST", either.url, content=ITEM, body=MAKES),
        "score": either.score(item),
        "results": either.call("GET", part(item["id"], "results"), accept=RESULTS),
        "remove": either.call("DELETE", item["id"]),
    }
    assert {name for name, answer in answers.items() if answer.status_code < 300} == allowed
    assert {answer.status_code for name, answer in answers.items() if name not in allowed} == {401}
