"""What people do with entries, each answered by a piece of the page."""

from collections.abc import Callable

import pytest

from social_layer.people.models import Role
from tests.lti_tool.web.reader import Reader, entry_ids, words_of
from tests.room import Room

ANYBODY = Callable[..., Reader]


def problem(response) -> tuple[int, str]:  # type: ignore[no-untyped-def]
    assert response.mimetype == "application/problem+json", response.text
    assert response.json["title"]
    assert response.json["detail"]
    return response.status_code, response.json["code"]


def test_a_topic_comes_back_as_a_thread(learner: Reader) -> None:
    response = learner.post("/entries", title="Rivers", body="They **move**.")
    assert '<section class="thread"' in response.text
    assert "<strong>move</strong>" in response.text
    assert "Rivers" in learner.sees()


def test_a_reply_comes_back_as_it_stands_among_the_replies(learner: Reader, read_as: ANYBODY) -> None:
    topic = learner.write("A question", title="Question")
    other = read_as(name="Bo")
    response = other.post("/entries", body="An answer", parent_id=str(topic))
    assert "<section" not in response.text
    assert f'data-parent="{topic}"' in response.text
    assert learner.sees().index("A question") < learner.sees().index("An answer")


def test_a_click_that_comes_twice_posts_once(learner: Reader) -> None:
    first = learner.write("Once", idempotency_key="0123456789abcdef")
    assert learner.write("Once", idempotency_key="0123456789abcdef") == first
    assert learner.sees().count("Once") == 1


def test_a_reply_deep_down_says_whom_it_answers(learner: Reader, read_as: ANYBODY) -> None:
    parent = learner.write("0")
    for number in range(1, 6):
        parent = learner.write(str(number), parent_id=str(parent))
    bo = read_as(name="Bo Diddley")
    last = bo.write("last", parent_id=str(parent))
    bo.write("very last", parent_id=str(last))
    assert "in reply to Ada Learner" in learner.sees()
    assert "in reply to Bo Diddley" in learner.sees()


def test_an_edit_shows_the_new_text_and_says_so(learner: Reader) -> None:
    entry = learner.write("Befor", title="T")
    form = learner.get(f"/entries/{entry}/edit")
    assert "Befor</textarea>" in form.text
    response = learner.send(
        "PATCH", f"/entries/{entry}", data={"version": 1, "title": "T2", "body": "Before"}
    )
    assert "edited" in words_of(response.text)
    assert "Before" in learner.sees()
    assert "T2" in learner.sees()


def test_an_edit_of_an_old_version_is_refused_and_says_what_to_do(learner: Reader) -> None:
    entry = learner.write("One")
    learner.send("PATCH", f"/entries/{entry}", data={"version": 1, "body": "Two"})
    refused = learner.send("PATCH", f"/entries/{entry}", data={"version": 1, "body": "Three"})
    assert problem(refused) == (409, "entry_changed")
    assert "Two" in learner.sees()


def test_nobody_edits_what_another_wrote(learner: Reader, instructor: Reader) -> None:
    entry = learner.write("Mine")
    assert problem(instructor.get(f"/entries/{entry}/edit")) == (403, "not_author")
    change = {"version": 1, "body": "Yours"}
    assert problem(instructor.send("PATCH", f"/entries/{entry}", data=change)) == (403, "not_author")


def test_a_removed_entry_leaves_its_place_and_its_answers(learner: Reader, read_as: ANYBODY) -> None:
    topic = learner.write("Regretted")
    read_as().write("Still here", parent_id=str(topic))
    response = learner.send("DELETE", f"/entries/{topic}?version=1")
    assert "This entry was removed." in words_of(response.text)
    seen = learner.sees()
    assert "Regretted" not in seen
    assert "Still here" in seen
    assert problem(learner.send("DELETE", f"/entries/{topic}")) == (409, "entry_removed")
    assert problem(learner.get(f"/entries/{topic}/edit")) == (409, "entry_removed")


def test_staff_remove_and_learners_do_not(learner: Reader, read_as: ANYBODY) -> None:
    entry = learner.write("Rude")
    assert problem(read_as().send("DELETE", f"/entries/{entry}")) == (403, "not_author")
    assert read_as(Role.assistant).send("DELETE", f"/entries/{entry}").status_code == 200


@pytest.mark.parametrize(
    ("kind", "word"), [("like", "Like"), ("insight", "Made me think"), ("same", "Same here")]
)
def test_a_reaction_is_counted_and_taken_back(
    learner: Reader, read_as: ANYBODY, kind: str, word: str
) -> None:
    entry = learner.write("Hm")
    reader = read_as()
    given = reader.send("PUT", f"/entries/{entry}/reactions/{kind}")
    assert f"{word} 1" in words_of(given.text)
    assert f'data-kind="{kind}" title="{word}" aria-pressed="true"' in given.text
    assert f"{word} 1" in learner.sees()
    taken = reader.send("DELETE", f"/entries/{entry}/reactions/{kind}")
    assert 'aria-pressed="true"' not in taken.text
    assert f"{word} 1" not in learner.sees()


def test_the_poll_answers_nothing_until_there_is_something(learner: Reader, read_as: ANYBODY) -> None:
    topic = learner.write("Hello")
    cursor = learner.config()["cursor"]
    quiet = learner.get(f"/updates?after={cursor}")
    assert quiet.status_code == 204
    assert quiet.data == b""
    reply = read_as(name="Bo").write("Hello too", parent_id=str(topic))
    news = learner.get(f"/updates?after={cursor}")
    assert entry_ids(news.text)[-1] == reply
    assert "Hello too" in words_of(news.text)
    following = news.text.partition('data-cursor="')[2].partition('"')[0]
    assert learner.get(f"/updates?after={following}").status_code == 204


def test_more_news_than_fit_in_one_answer_say_so(learner: Reader, room: Room, read_as: ANYBODY) -> None:
    cursor = learner.config()["cursor"]
    writer = read_as().viewer
    for number in range(101):
        room.post(writer, f"News {number}")
    first = learner.get(f"/updates?after={cursor}")
    assert "data-more" in first.text
    following = first.text.partition('data-cursor="')[2].partition('"')[0]
    second = learner.get(f"/updates?after={following}")
    assert "data-more" not in second.text
    assert len(entry_ids(first.text) + entry_ids(second.text)) == 101


def test_a_preview_is_what_will_be_shown(learner: Reader) -> None:
    response = learner.post("/preview", body="*soft* <script>")
    assert response.text == "<p><em>soft</em> &lt;script&gt;</p>\n"


def test_pieces_of_a_page_stand_in_nobodys_frame(learner: Reader) -> None:
    policy = learner.post("/preview", body="x").headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy


def test_an_observer_writes_nothing(read_as: ANYBODY) -> None:
    watcher, entry = read_as(Role.observer), read_as().write("Hello")
    assert problem(watcher.post("/entries", body="x")) == (403, "may_not_post")
    assert problem(watcher.send("PUT", f"/entries/{entry}/reactions/like")) == (403, "may_not_post")
    assert problem(watcher.send_api("PUT", "/drafts/topic", {"body": "x"})) == (403, "may_not_post")
