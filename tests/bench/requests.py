"""CPU and queries of single requests: a launch, the panel page, a reply, the poll for news."""

import secrets
import time
from typing import Any

from lti_tool import bearer, metrics
from lti_tool.app import create_app
from social_layer.discussion.actions import post
from social_layer.panels.queries import find_viewer
from tests.bench import Row
from tests.bench.world import Meter, World, world

LINK = "food-web"
OTHER_LINK = "first-back"
SMALL, PAGE, LARGE = 10, 100, 10_000


def run(rounds: int = 200) -> list[Row]:
    """On SQLite, with rate limits, headers and logs as in production."""
    with world() as here:
        rows = _launch(here, rounds)
        config = here.launch("maya", LINK)
        rows += _page(here, config, rounds)
        rows += _reply_and_poll(here, config, rounds)
        rows.append(_counting(here))
        return rows


def _launch(here: World, rounds: int) -> list[Row]:
    config = here.launch("maya", OTHER_LINK)
    _fill(here, config, SMALL)
    with_groups = _launches(here, rounds)
    here.sandbox.world.links[OTHER_LINK].custom.pop("moodle_groups")
    meter = _launches(here, rounds)
    return [
        Row("launch of a known person, CPU", meter.cpu, "ms", 6, note=f"its three requests; {meter.spread}"),
        Row("launch of a known person, queries", meter.usual_queries, "", 14),
        Row("launch that tells groups, too, CPU", with_groups.cpu, "ms", note=with_groups.spread),
        Row("launch that tells groups, too, queries", with_groups.usual_queries, "", 14),
    ]


def _launches(here: World, rounds: int) -> Meter:
    meter = Meter()
    for _ in range(10):
        here.launch("maya", OTHER_LINK)
    for _ in range(rounds):
        here.launch("maya", OTHER_LINK, meter)
    return meter


def _page(here: World, config: dict[str, Any], rounds: int) -> list[Row]:
    queries = {}
    rows = []
    for entries in (SMALL, PAGE, LARGE):
        _fill(here, config, entries)
        meter = Meter()
        for _ in range(rounds if entries == PAGE else 20):
            with here.measured(meter):
                answer = here.client.get(f"/panels/{config['panel_id']}", headers=_bearer(config))
            assert answer.status_code == 200
        queries[entries] = meter.usual_queries
        target = 12 if entries == PAGE else None
        size = f"{len(answer.data) // 1024} KB"
        rows.append(Row(f"panel page, {entries} entries, CPU", meter.cpu, "ms", target, note=size))
    rows.append(Row(f"panel page, {PAGE} entries, queries", queries[PAGE], "", 10))
    rows.append(
        Row(
            f"queries of {LARGE} entries over those of {SMALL}",
            queries[LARGE] - queries[SMALL],
            "",
            0,
            note="does not grow with content",
        )
    )
    return rows


def _reply_and_poll(here: World, config: dict[str, Any], rounds: int) -> list[Row]:
    address = f"{config['api']}/panels/{config['panel_id']}"
    first = here.client.get(f"{address}/entries?limit=1", headers=_bearer(config)).get_json()["items"][0]
    reply, poll = Meter(), Meter()
    for number in range(rounds):
        with here.measured(reply):
            answer = here.client.post(
                f"{address}/entries",
                json={"parent_id": first["id"], "body": f"I see it **differently** because … {number}"},
                headers={**_bearer(config), "Idempotency-Key": secrets.token_hex(8)},
            )
        assert answer.status_code == 201, answer.text
    updates = here.client.get(
        f"{address}/updates?after={config['cursor']}", headers=_bearer(config)
    ).get_json()
    while updates:
        cursor = updates["cursor"]
        updates = here.client.get(f"{address}/updates?after={cursor}", headers=_bearer(config)).get_json(
            silent=True
        )
    for _ in range(rounds):
        with here.measured(poll):
            answer = here.client.get(f"{address}/updates?after={cursor}", headers=_bearer(config))
        assert answer.status_code == 204
    return [
        Row("a reply, CPU", reply.cpu, "ms", 6, note=reply.spread),
        Row("a reply, queries", reply.usual_queries, "", 12),
        Row("poll without news, CPU", poll.cpu, "ms", 1.5, note=poll.spread),
        Row("poll without news, queries", poll.usual_queries, "", 3),
    ]


def _counting(here: World, times: int = 20_000) -> Row:
    """What the figures at /metrics cost a request, with several processes counting."""
    metrics.share_between_processes(here.given.settings.home / "metrics")
    app = create_app(here.given)
    with app.test_request_context("/healthz"):
        app.preprocess_request()
        for _ in range(1000):
            metrics.count(200)
        before = time.process_time()
        for _ in range(times):
            metrics.count(200)
        return Row("counting a request, CPU", (time.process_time() - before) * 1e6 / times, "µs", 30)


def _fill(here: World, config: dict[str, Any], wanted: int) -> None:
    """Up to ``wanted`` entries in the panel: threads of ten, two paragraphs each."""
    ids = bearer.read(here.given, config["token"])
    with here.given.database.write() as session:
        viewer = find_viewer(session, ids.tenant_id, ids.membership_id, ids.panel_id)
        assert viewer is not None
        parent = None
        for number in range(viewer.panel.counter, wanted):
            starts = number % 10 == 0 or parent is None
            entry = post(
                session,
                here.given.clock,
                viewer,
                title=f"Topic {number}" if starts else "",
                body=f"What I saw on walk {number}: *moss*, springtails and a wren.\n\nI would like to know why.",
                parent_id=None if starts else parent,
            )
            parent = entry if starts or number % 3 else parent


def _bearer(config: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {config['token']}"}
