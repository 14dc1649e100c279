"""Sort keys that put a panel's entries in thread order with one index and no recursion.

A path is a row of 4-byte big-endian numbers, compared as bytes: first the thread's (counted down, so that the newest
thread comes first), then one for each level of replies (counted up). Levels deeper than ``LEVELS`` share the last one:
such replies keep their parent and stand in the order in which they were written, which also reads better.
"""

LEVELS = 8
_WIDTH = 4
_LARGEST = 0xFFFFFFFF


def thread_path(seq: int) -> bytes:
    return int.to_bytes(_LARGEST - seq, _WIDTH)


def reply_path(parent: bytes, seq: int) -> bytes:
    return parent[: _WIDTH * (LEVELS - 1)] + seq.to_bytes(_WIDTH)


def depth_of(path: bytes) -> int:
    """0 for a thread's first entry."""
    return len(path) // _WIDTH - 1
