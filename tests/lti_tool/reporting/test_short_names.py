"""What people are called in a file: shortly, and nobody as somebody else."""

from hypothesis import given
from hypothesis import strategies as st

from lti_tool.reporting.short_names import short_names

MOODLE, CANVAS = "https://moodle.example.edu", "https://canvas.example.edu"
LONG = "9b08923d-10c6-4fd9-94b2-b8fda02f34a6"
_LETTERS = st.text("ab1 ().…|", max_size=4)
_PERSON = st.builds("{}|{}".format, st.sampled_from([MOODLE, CANVAS]), _LETTERS | st.just(LONG))


def test_one_is_called_by_name_else_by_the_account_without_its_home_page() -> None:
    maya, seven, long = f"{MOODLE}|301", f"{MOODLE}|7", f"{MOODLE}|{LONG}"
    assert short_names([maya, seven, long, "mailto:ada@example.edu"], {maya: "Maya Chen"}) == {
        maya: "Maya Chen",
        seven: "7",
        long: "9b08923d…",
        "mailto:ada@example.edu": "ada@example.edu",
    }


def test_those_who_would_be_called_alike_are_told_apart() -> None:
    here, there = f"{MOODLE}|7", f"{CANVAS}|7"
    one, other = f"{MOODLE}|303", f"{MOODLE}|304"
    alike = f"{MOODLE}|{LONG[:-1]}b"
    assert short_names([here, there, one, other, f"{MOODLE}|{LONG}", alike], {one: "Jo", other: "Jo"}) == {
        here: "7 (moodle.example.edu)",
        there: "7 (canvas.example.edu)",
        one: "Jo (303)",
        other: "Jo (304)",
        f"{MOODLE}|{LONG}": LONG,
        alike: f"{LONG[:-1]}b",
    }


def test_accounts_that_begin_alike_are_not_cut() -> None:
    several = [f"{MOODLE}|student_2024_00012{one}" for one in range(3)]
    assert short_names(several, {}) == {one: one.removeprefix(f"{MOODLE}|") for one in several}


def test_nobody_looks_like_somebody_else() -> None:
    maya, other, third, fourth = (f"{MOODLE}|{one}" for one in (7, 8, 9, 10))
    called = {maya: "Maya Lopez", other: " maya\u200b  LOPEZ ", third: "Maya Lopez (7)", fourth: " \u200b "}
    assert short_names(called, called) == {
        maya: "Maya Lopez (7)",
        other: "maya LOPEZ (8)",
        third: "9",
        fourth: "10",
    }
    assert short_names([maya, other], {maya: "8", other: "Jo"}) == {maya: "7", other: "Jo"}


def test_a_home_page_that_is_no_address_is_no_error() -> None:
    assert short_names(["http://[x|7", f"{MOODLE}|7"], {}) == {
        "http://[x|7": "7 (http://[x)",
        f"{MOODLE}|7": "7 (moodle.example.edu)",
    }


@given(st.dictionaries(_PERSON, _LETTERS | _PERSON | st.none(), max_size=6))
def test_no_two_are_called_alike(told: dict[str, str | None]) -> None:
    found = short_names(told, {person: name for person, name in told.items() if name})
    assert set(found) == set(told)
    assert len(set(found.values())) == len(found)
