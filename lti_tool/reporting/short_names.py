"""What people are called in a file: by a short name that nobody else in it has."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import urlsplit

# A key that nobody reads out, such as a UUID: its beginning is enough to tell it from others.
_LONG = re.compile(r"[\w-]{17,}")
_BEGINNING = 8


def short_names(people: Iterable[str], names: Mapping[str, str]) -> dict[str, str]:
    """Identifier → short name. ``names``: what people are called where the LRS says so.

    The name, else the account's name without its home page; with more of the account where two would be called alike.
    """
    everybody = set(people)
    # Nobody may call themselves as others are known.
    names = {one: name for one, name in names.items() if name not in everybody}
    ways: tuple[Callable[[str], str], ...] = (
        lambda one: names.get(one) or shortened(one),
        lambda one: (
            f"{names[one]} ({shortened(one)})" if one in names else f"{shortened(one)} ({_host(one)})"
        ),
        lambda one: f"{names[one]} ({one})" if one in names else one,
    )
    found: dict[str, str] = {}
    left = sorted(everybody)
    for way in ways:
        called = {one: way(one) for one in left}
        times = Counter([*called.values(), *found.values()])
        found |= {one: name for one, name in called.items() if times[name] == 1}
        left = [one for one in left if one not in found]
    return found | {one: one for one in left}


def shortened(person: str) -> str:
    """The part of an identifier that tells people of one LMS apart, or its beginning where that is long."""
    name = person.partition("|")[2] or person.removeprefix("mailto:")
    return f"{name[:_BEGINNING]}…" if _LONG.fullmatch(name) else name


def _host(person: str) -> str:
    home = person.partition("|")[0]
    return urlsplit(home).netloc or home
