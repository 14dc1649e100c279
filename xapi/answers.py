"""What an LRS's answer means for the statements sent: sorted, never guessed."""

import random
from enum import Enum, auto

from xapi.transport import Answer

# The pauses after failures in a row: from about a second, doubling, to an hour.
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 3600.0
LONGEST_ASKED = 24 * 3600.0
# How much of an answer is kept for the administrator.
KEPT = 2000
_SAYING = ", saying: "


class Meaning(Enum):
    """``busy``: the LRS cannot now, whatever is sent. ``broken``: it failed, perhaps over these very statements.
    ``refused``: something in the request is not to its liking. ``conflict``: another statement may stand under an id.
    ``locked``: only the administrator can mend it."""

    stored = auto()
    busy = auto()
    broken = auto()
    refused = auto()
    conflict = auto()
    locked = auto()


def meaning(status: int) -> Meaning:
    # Of 200 and 204 both mean stored; the ids in the answer, their order and number mean nothing.
    if status in (200, 204):
        return Meaning.stored
    if status in (408, 425, 429, 503):
        return Meaning.busy
    # It may have taken them, or will, or some: sent again, a conflict tells.
    if status >= 500 or 200 <= status < 300:
        return Meaning.broken
    if status == 409:
        return Meaning.conflict
    if status in (400, 413, 422):
        return Meaning.refused
    return Meaning.locked


def explain(answer: Answer) -> str:
    """One line for the administrator on an answer that holds up everything."""
    status = answer.status
    if answer.reason is not None:
        return answer.reason
    if status == 401:
        return "it refuses the user name or password (401)"
    if status == 403:
        return "these credentials do not have the right to do this (403)"
    if status in (404, 405, 410):
        return f"there is no xAPI endpoint at this address ({status})"
    if 200 <= status < 300:
        return f"it does not say whether it took the statements ({status})"
    if 300 <= status < 400:
        return f"it redirects to {answer.location or 'another address'} ({status}); give the LRS that address"
    if status == 429:
        return "it asks us to slow down (429)"
    if status >= 500:
        return f"it fails by itself ({status})"
    words = said(answer).removeprefix(str(status)).strip()
    return f"it answers {status}{_SAYING}{words}" if words else f"it answers {status}"


def for_log(trouble: str) -> str:
    """Without the LRS's own words: they may repeat the statement, and logs name no people."""
    return trouble.partition(_SAYING)[0]


def said(answer: Answer) -> str:
    """Status and beginning of an answer, to be kept beside what it refused."""
    text = " ".join(answer.text.split())
    return f"{answer.status} {text[:KEPT]}".strip()


def pause_after(failures: int, rng: random.Random, asked: float | None = None) -> float:
    """Seconds to wait after so many failures in a row: growing, jittered, or what the LRS asked for."""
    if asked is not None:
        return min(asked, LONGEST_ASKED) + rng.uniform(0, 1)
    longest = min(FIRST_PAUSE * 2.0 ** min(failures - 1, 30), LONGEST_PAUSE)
    return longest * rng.uniform(0.5, 1.0)
