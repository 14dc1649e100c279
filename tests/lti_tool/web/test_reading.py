"""How far somebody has read, thread by thread."""

from collections.abc import Callable
from uuid import uuid4

from tests.lti_tool.web.reader import Reader

ANYBODY = Callable[..., Reader]


def test_what_was_read_is_not_new_any_more(read_as: ANYBODY) -> None:
    writer, reader = read_as(), read_as()
    topic = writer.write("One")
    writer.write("Two", parent_id=str(topic))
    assert reader.page().count("unread") == 2
    assert reader.send("POST", "/read", json={"read": {str(topic): 1}}).status_code == 204
    assert reader.page().count("unread") == 1
    assert writer.page().count("unread") == 0


def test_reading_never_goes_back_and_knows_only_threads_that_are_there(read_as: ANYBODY) -> None:
    writer, reader = read_as(), read_as()
    topic = writer.write("One")
    for read in ({str(topic): 5}, {str(topic): 0}, {str(uuid4()): 3}, {}):
        assert reader.send("POST", "/read", json={"read": read}).status_code == 204
    assert "unread" not in reader.page()
