"""Formal results: which verbs say one, and who wrote it (facts: cmi5, SCORM profile, Moodle's logstore, Open edX)."""

from typing import Any

from xapi import vocabulary as words

# ADL's own, cmi5's, and those of the profiles that Moodle's logstore takes its verbs from.
_BASES = (
    f"{words.ADL}verbs/",
    "https://w3id.org/xapi/adl/verbs/",
    "https://w3id.org/xapi/dod-isd/verbs/",
    "https://w3id.org/xapi/tla/verbs/",
)
_SAYING = (
    "completed", "passed", "failed", "scored", "progressed", "attempted", "satisfied", "waived", "abandoned",
)  # fmt: skip

# What a verb says of somebody's result. Others (initialized, terminated, launched …) say none.
OUTCOMES = {
    **{base + word: word for base in _BASES for word in _SAYING},
    f"{words.AS}complete": "completed",
    f"{words.AS}satisfy": "satisfied",
    # Moodle's logstore: a completion was taken back.
    "https://xapi.edlm/profiles/edlm-lms/concepts/verbs/uncompleted": "uncompleted",
    # Moodle's logstore before version 5, and Open edX: a grade.
    "http://www.tincanapi.co.uk/verbs/evaluated": "scored",
    f"{words.AX}verbs/evaluated": "scored",
    f"{words.T}verb/earned": "scored",
}

_CMI5 = "https://w3id.org/xapi/cmi5/context/categories/"
_SCORM = "https://w3id.org/xapi/scorm"
_MOODLE = "https://github.com/xAPI-vle/moodle-logstore_xapi"
_LOGSTORE_INFO = "http://lrs.learninglocker.net/define/extensions/info"
_OPENEDX = "https://w3id.org/xapi/openedx/"
# cmi5 9.5.5.1, in percent; Open edX says it too.
_PROGRESS = "https://w3id.org/xapi/cmi5/result/extensions/progress"


def source_of(context: dict[str, Any], categories: list[str]) -> str:
    """Who wrote the formal result, as its context tells."""
    for iri in categories:
        if iri.startswith(_CMI5):
            return "cmi5"
        if iri.startswith(_SCORM):
            return "scorm"
    extensions = context.get("extensions")
    if isinstance(extensions, dict):
        if isinstance(info := extensions.get(_LOGSTORE_INFO), dict) and _MOODLE in info:
            return "moodle"
        if any(name.startswith(_OPENEDX) for name in extensions):
            return "openedx"
    return "moodle" if context.get("platform") == "Moodle" else "other"


def progress_of(result: dict[str, Any]) -> float | None:
    """From 0 to 1."""
    extensions = result.get("extensions")
    if not isinstance(extensions, dict):
        return None
    told = extensions.get(_PROGRESS)
    if isinstance(told, int | float) and not isinstance(told, bool) and 0 <= told <= 100:
        return told / 100
    return None
