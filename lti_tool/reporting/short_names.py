"""What people are called in a file: by a short name that nobody else in it has, nor one that looks like it."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import urlsplit

# A key that nobody reads out, such as a UUID: its beginning is enough to tell it from others.
_KEY = re.compile(r"[0-9a-fA-F-]{17,}")
_BEGINNING = 8


def short_names(people: Iterable[str], names: Mapping[str, str]) -> dict[str, str]:
    """Identifier → short name. ``names``: what people are called where the LRS says so.

    The name, else the account's name without its home page; with more of the account where two would look alike.
    """
    everybody = sorted(set(people))
    said = {one: tidy for one in everybody if (tidy := _tidy(names.get(one) or ""))}
    ways: tuple[Callable[[str], str], ...] = (
        lambda one: said.get(one) or shortened(one),
        lambda one: f"{said[one]} ({shortened(one)})" if one in said else _account(one),
        lambda one: f"{said[one]} ({_account(one)})" if one in said else f"{_account(one)} ({_host(one)})",
        lambda one: f"{said[one]} ({one})" if one in said else one,
    )
    # Nobody is called as somebody else could be: whoever chose such a name stands under their account.
    could_be: defaultdict[str, set[str]] = defaultdict(set)
    for one in everybody:
        could = {one, shortened(one), _account(one), *(way(one) for way in ways[1:])}
        for form in could:
            could_be[_looks(form)].add(one)
    said = {one: name for one, name in said.items() if could_be[_looks(name)] <= {one}}
    found: dict[str, str] = {}
    left = everybody
    for way in ways:
        called = {one: way(one) for one in left}
        times = Counter(map(_looks, [*called.values(), *found.values()]))
        found |= {one: name for one, name in called.items() if times[_looks(name)] == 1}
        left = [one for one in left if one not in found]
    return found | {one: one for one in left}


def shortened(person: str) -> str:
    """The part of an identifier that tells people of one LMS apart, of a long key its beginning."""
    name = _account(person)
    return f"{name[:_BEGINNING]}…" if _KEY.fullmatch(name) else name


def _account(person: str) -> str:
    return person.partition("|")[2] or person.removeprefix("mailto:")


def _host(person: str) -> str:
    home = person.partition("|")[0]
    try:
        return urlsplit(home).netloc or home
    except ValueError:  # What stands in an LRS may be no address.
        return home


def _tidy(name: str) -> str:
    """Without what is not seen: control and format characters, and more than one space at a place."""
    return " ".join(
        "".join(one for one in name if one.isspace() or not unicodedata.category(one).startswith("C")).split()
    )


def _looks(name: str) -> str:
    return _tidy(unicodedata.normalize("NFKC", name)).casefold()
