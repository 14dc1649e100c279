"""Reading an LRS that is busy, slow, hostile or none at all; and telling our statements from those of others."""

import copy
import json
import random
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from click.testing import CliRunner, Result

from lti_tool.cli import main
from lti_tool.cli.report.reading import written
from xapi.reports import reading
from xapi.reports.network import Network
from xapi.reports.ours import act_of, person_of
from xapi.reports.reading import Reader, ReadingFailed
from xapi.transport import Answer as Given
from xapi.transport import HttpTransport

GOLDEN = Path(__file__).parents[1] / "golden"
REPLIED = "http://id.tincanapi.com/verb/replied"
Json = dict[str, Any]
Answer = tuple[int, Any, dict[str, str]]


class ScriptedLrs:
    """Gives one answer after the other, the last one for ever; ``asked``: the addresses."""

    def __init__(self, answers: list[Answer]) -> None:
        self.answers = answers
        self.asked: list[str] = []
        lrs = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                lrs.asked.append(self.path)
                status, body, headers = lrs.answers.pop(0) if len(lrs.answers) > 1 else lrs.answers[0]
                content = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(content))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}/xAPI"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def lrs() -> Iterator[Callable[..., ScriptedLrs]]:
    made: list[ScriptedLrs] = []

    def make(*answers: Answer) -> ScriptedLrs:
        made.append(ScriptedLrs(list(answers)))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def read() -> Iterator[Callable[..., Reader]]:
    transports = []

    def make(endpoint: str, *, most_read: int = 100_000, read_seconds: float = 5, **more: Any) -> Reader:
        transport = HttpTransport(
            endpoint, "key", "secret", "1.0.3", most_read=most_read, read_seconds=read_seconds
        )
        transports.append(transport)
        return Reader(transport, **{"sleep": lambda _: None, "rng": random.Random(1), **more})

    yield make
    for transport in transports:
        transport.close()


def page(*statements: Json, more: str | None = None) -> Answer:
    return 200, {"statements": list(statements), "more": more or ""}, {}


def golden(kind: str) -> Json:
    found: Json = json.loads((GOLDEN / f"{kind}.json").read_text())
    return found


def test_pages_follow_each_other_to_the_end(
    lrs: Callable[..., ScriptedLrs], read: Callable[..., Reader]
) -> None:
    there = lrs(page({"id": "1"}, more="/xAPI/statements?page=2"), page({"id": "2"}))
    assert list(read(there.endpoint).pages(verb=REPLIED)) == [[{"id": "1"}], [{"id": "2"}]]
    assert "ascending=true" in there.asked[0]
    assert there.asked[1] == "/xAPI/statements?page=2"


def test_credentials_never_go_to_another_host(
    lrs: Callable[..., ScriptedLrs], read: Callable[..., Reader]
) -> None:
    elsewhere = lrs(page({"id": "stolen"}))
    there = lrs(page(more=f"{elsewhere.endpoint}/statements?page=2"), page({"id": "2"}))
    assert list(read(there.endpoint).pages()) == [[], [{"id": "2"}]]
    assert elsewhere.asked == []


def test_a_busy_lrs_is_asked_again_after_the_pause_that_it_wants(
    lrs: Callable[..., ScriptedLrs], read: Callable[..., Reader]
) -> None:
    there = lrs((429, "slower", {"Retry-After": "7"}), (503, "", {}), (502, "", {}), page({"id": "1"}))
    pauses: list[float] = []
    told: list[str] = []
    reader = read(there.endpoint, sleep=pauses.append, waiting=lambda _, why: told.append(why))
    assert list(reader.pages()) == [[{"id": "1"}]]
    assert 7 <= pauses[0] <= 8
    assert len(pauses) == 3
    assert told[0] == "it asks us to slow down (429)"


def test_nobody_is_kept_waiting_for_an_hour(
    lrs: Callable[..., ScriptedLrs], read: Callable[..., Reader]
) -> None:
    there = lrs((429, "", {"Retry-After": "3600"}), page())
    pauses: list[float] = []
    assert list(read(there.endpoint, sleep=pauses.append).pages()) == [[]]
    assert pauses == [reading.LONGEST_PAUSE]


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([(503, "", {})], "asked 6 times"),
        ([(401, "", {})], "refuses the user name or password"),
        ([(403, "", {})], "the right to read all statements"),
        ([(404, "", {})], "the address that ends before /statements"),
        ([(301, "", {"Location": "https://lrs.example.org"})], "redirects to https://lrs.example.org"),
        ([(400, "no such verb", {})], "400"),
        ([(200, b"<h1>Welcome</h1>", {})], "is no LRS"),
        ([(200, {"hello": "world"}, {})], "is no LRS"),
        ([(200, b"x" * 200_000, {})], "too long"),
        ([page(more="/xAPI/statements?page=2")], "in circles"),
    ],
)
def test_what_cannot_be_read_is_told_in_one_line(
    lrs: Callable[..., ScriptedLrs], read: Callable[..., Reader], answers: list[Answer], said: str
) -> None:
    with pytest.raises(ReadingFailed, match=said) as failed:
        list(read(lrs(*answers).endpoint).pages())
    assert "\n" not in str(failed.value)


@pytest.mark.parametrize(("length", "before"), [(1, 0), (2, 0), (2, 3), (7, 1)])
def test_pages_that_lead_in_a_circle_are_not_followed_without_end(length: int, before: int) -> None:
    class Circle:
        def query(self, _: Any) -> Given:
            return self.more("0")

        def more(self, address: str) -> Given:
            following = int(address) + 1
            if following == before + length + 1:
                following = before + 1
            return Given(200, json.dumps({"statements": [], "more": str(following)}).encode())

    pages = Reader(Circle()).pages()  # type: ignore[arg-type]
    with pytest.raises(ReadingFailed, match="in circles"):
        list(islice(pages, 5 * (before + length)))


@pytest.mark.parametrize("pages", [[[]], [["1", "2"]], [["1"], ["2"], ["3"]]])
def test_addresses_made_up_without_end_are_not_followed_without_end(pages: list[list[str]]) -> None:
    class Inventive:
        def query(self, _: Any) -> Given:
            return self.more("0")

        def more(self, address: str) -> Given:
            held = [{"id": one} for one in pages[int(address) % len(pages)]]
            return Given(200, json.dumps({"statements": held, "more": str(int(address) + 1)}).encode())

    with pytest.raises(ReadingFailed, match="in circles" if pages[0] else "1000 empty pages"):
        list(islice(Reader(Inventive()).pages(), 2 * reading.MOST_EMPTY))  # type: ignore[arg-type]


def test_an_lrs_that_is_not_there_is_given_up(read: Callable[..., Reader]) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{nobody.getsockname()[1]}/xAPI"
        with pytest.raises(ReadingFailed, match="no connection"):
            list(read(endpoint, tries=2).pages())


def test_an_lrs_that_hangs_is_given_up(read: Callable[..., Reader]) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        endpoint = f"http://127.0.0.1:{deaf.getsockname()[1]}/xAPI"
        with pytest.raises(ReadingFailed, match="no answer within"):
            list(read(endpoint, tries=2, read_seconds=0.1).pages())


SPOILT: list[tuple[str, Callable[[Json], Any]]] = [
    ("another's", lambda one: one["context"]["contextActivities"].pop("category")),
    ("no context", lambda one: one.pop("context")),
    ("another verb", lambda one: one["verb"].update(id="http://adlnet.gov/expapi/verbs/voided")),
    ("no verb", lambda one: one.update(verb="replied")),
    ("about a statement", lambda one: one.update(object={"objectType": "StatementRef", "id": str(uuid4())})),
    ("no object", lambda one: one.pop("object")),
    ("nobody", lambda one: one.update(actor={"name": "Maya"})),
    ("no id", lambda one: one.update(id="1")),
    ("no time", lambda one: one.update(timestamp="yesterday")),
]


@pytest.mark.parametrize("spoil", [case[1] for case in SPOILT], ids=[case[0] for case in SPOILT])
def test_what_is_not_a_whole_statement_of_ours_is_passed_over(spoil: Callable[[Json], Any]) -> None:
    whole = golden("reply_posted")
    assert act_of(whole, REPLIED) is not None
    spoilt = copy.deepcopy(whole)
    spoil(spoilt)
    assert act_of(spoilt, REPLIED) is None


def test_a_statement_is_understood_however_an_lrs_spells_it() -> None:
    sent = golden("reply_posted")
    around = sent["context"]["contextActivities"]
    around["category"] = around["category"][0]
    spelt = {**sent, "timestamp": "2026-03-02T11:00:00+02:00", "stored": "2026-03-02T09:00:01Z"}
    act = act_of(spelt, REPLIED)
    assert act is not None
    assert act.at == "2026-03-02T09:00:00.000Z"
    assert act.person == "https://moodle.example.edu|joel-7"
    assert act.course is not None
    assert "/xapi/courses/" in act.course


@pytest.mark.parametrize(
    ("actor", "person"),
    [
        ({"account": {"homePage": "https://a.example", "name": "7"}}, "https://a.example|7"),
        ({"mbox": "mailto:maya@example.org"}, "mailto:maya@example.org"),
        ({"account": {"name": "7"}}, None),
        ("Maya", None),
        (None, None),
    ],
)
def test_people_are_who_their_identifier_says(actor: Any, person: str | None) -> None:
    assert person_of(actor) == person


def test_an_answer_to_something_old_is_looked_up_once(
    lrs: Callable[..., ScriptedLrs], read: Callable[..., Reader]
) -> None:
    reply, topic = golden("reply_posted"), golden("topic_posted")
    assert reply["context"]["statement"]["id"] == topic["id"]
    again = {**reply, "id": str(UUID(int=9))}
    published_before = [page()] * 4
    there = lrs(*published_before, page(reply, again), *[page()] * 9, (200, topic, {}))
    with Network() as network:
        network.gather(read(there.endpoint))
        assert [(edge.from_, edge.to) for edge in network.edges()] == [
            ("https://moodle.example.edu|joel-7", "https://moodle.example.edu|maya-7")
        ] * 2
    assert [address for address in there.asked if "statementId" in address] == [
        f"/xAPI/statements?statementId={topic['id']}"
    ]


def run(*arguments: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(main, ["report", "network", *arguments], input=typed, prog_name="alongside")


def test_what_goes_wrong_is_one_line_and_leaves_no_file(
    lrs: Callable[..., ScriptedLrs], tmp_path: Path
) -> None:
    there = lrs((401, "", {}))
    credentials = ["--username", "key", "--password", "secret"]
    out = tmp_path / "network.json"
    for wrong in (
        run("--lrs", there.endpoint, *credentials, "--out", str(out)),
        run("--lrs", "lrs.example.org", *credentials),
        run("--lrs", there.endpoint, "--username", "key", "--password", "-", typed="\n"),
    ):
        assert wrong.exit_code == 1
        assert wrong.stdout == ""
        assert wrong.stderr.startswith("Error: ")
        assert wrong.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_is_named_before_anything_is_read(
    lrs: Callable[..., ScriptedLrs], tmp_path: Path
) -> None:
    there = lrs(page())
    for out, why in (
        (tmp_path / "nowhere" / "network.json", "its folder is not there"),
        ("/dev/null", "no file"),
    ):
        wrong = run("--lrs", there.endpoint, "--username", "key", "--password", "secret", "--out", str(out))
        assert wrong.exit_code == 1
        assert f"{out} cannot be written: " in wrong.stderr
        assert why in wrong.stderr
    assert there.asked == []


def test_of_a_link_the_file_it_leads_to_is_written(tmp_path: Path) -> None:
    link, file = tmp_path / "newest.csv", tmp_path / "kept" / "monday.csv"
    file.parent.mkdir()
    link.symlink_to(file)
    with written(link) as text:
        text.write("whole")
    assert (link.is_symlink(), file.read_text()) == (True, "whole")


def test_options_that_contradict_each_other_are_a_mistake_of_use(lrs: Callable[..., ScriptedLrs]) -> None:
    wrong = run("--lrs", "https://x", "--username", "k", "--password", "p", "--json", "--format", "csv")
    assert wrong.exit_code == 2
