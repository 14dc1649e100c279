"""The network as JSON, CSV and GraphML. The first two are written edge by edge, however many there are."""

import csv
import json
import re
from collections.abc import Callable, Iterable
from typing import TextIO

from xapi.reports.network import Edge

COLUMNS = ("from", "to", "kind", "course", "at", "statement")
# XML 1.0 (2.2) has no place for these, not even as references.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_json(edges: Iterable[Edge], out: TextIO) -> None:
    """A list with an edge on each line."""
    before = "[\n"
    for edge in edges:
        row = dict(zip(COLUMNS, _values(edge), strict=True))
        out.write(f"{before}  {json.dumps(row, ensure_ascii=False)}")
        before = ",\n"
    out.write("[]\n" if before == "[\n" else "\n]\n")


def write_csv(edges: Iterable[Edge], out: TextIO) -> None:
    """RFC 4180, with a row of names first."""
    rows = csv.writer(out)
    rows.writerow(COLUMNS)
    rows.writerows(_values(edge) for edge in edges)


def write_graphml(edges: Iterable[Edge], out: TextIO) -> None:
    """A directed graph with an edge for each act; its nodes are people. It is put together in memory."""
    import networkx as nx

    graph = nx.MultiDiGraph()
    for edge in edges:
        from_, to, kind, course, at, statement = (
            _NOT_XML.sub("\ufffd", value or "") for value in _values(edge)
        )
        graph.add_edge(from_, to, key=statement, kind=kind, course=course, at=at)
    for line in nx.generate_graphml(graph, named_key_ids=True):
        out.write(line + "\n")


FORMATS: dict[str, Callable[[Iterable[Edge], TextIO], None]] = {
    "json": write_json,
    "csv": write_csv,
    "graphml": write_graphml,
}


def _values(edge: Edge) -> tuple[str | None, ...]:
    return edge.from_, edge.to, edge.kind, edge.course, edge.at, edge.statement
