"""Markdown as it is shown: safe whatever stands in it."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as some

from social_layer.refusals import Invalid
from social_layer.text import MAX_BODY, MAX_UNFOLDING, SPARE, is_seen, one_line, render, storable, tidy

SAFE_TAGS = {
    *("p", "br", "hr", "h3", "h4", "h5", "h6", "strong", "em", "s", "code", "pre", "blockquote"),
    *("ul", "ol", "li", "a", "table", "thead", "tbody", "tr", "th", "td"),
}
pieces = some.sampled_from(
    [
        "[",
        "](",
        ")",
        "![",
        "<",
        ">",
        "`",
        "```",
        "*",
        "**",
        "_",
        "~~",
        "# ",
        "> ",
        "- ",
        "1. ",
        "|",
        "|-|",
        "\n",
        "\n\n",
    ]
    + [
        "javascript:",
        "JaVaScRiPt:",
        "data:text/html,",
        "vbscript:",
        "http://x.example/",
        "https://y.example ",
        "//x.example/p.png",
        "&#x6A;",
    ]
    + [
        "<script>",
        "</script>",
        "<img src=x onerror=alert(1)>",
        "<svg onload=1>",
        "<iframe src=x>",
        "<a href='",
        "'>",
    ]
    + [
        "onclick=",
        '"',
        "'",
        "&",
        "&lt;",
        "\\",
        "\t",
        "    ",
        "\u202e",
        "é",
        "[x]: javascript:alert(1)\n",
        "[x]",
        "<!--",
    ]
)
markdown = some.lists(pieces | some.text(max_size=8), max_size=25).map("".join)


class Seen(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str]] = set()
        self.addresses: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {(tag, name) for name, _ in attrs}
        self.addresses += [value or "" for name, value in attrs if name == "href"]


@given(text=markdown)
@example(text="[x](javascript:alert(1))")
@example(text="[x](data:text/html,<script>alert(1)</script>)")
@example(text="![x](javascript:alert(1))")
@example(text='![x](http://e.example/"onerror="alert(1))')
@example(text="<javascript:alert(1)>")
@example(text="[x][y]\n\n[y]: JAVASCRIPT:alert(1)")
@example(text="[x](&#106;avascript:alert(1))")
@example(text="[x](java\nscript:alert(1))")
def test_nothing_that_runs_or_loads_comes_out(text: str) -> None:
    seen = Seen(render(text))
    assert seen.tags <= SAFE_TAGS
    assert seen.attributes <= {("a", "href"), ("a", "title"), ("a", "rel"), ("a", "target"), ("ol", "start")}
    for address in seen.addresses:
        scheme = address.split(":", 1)[0].lower() if ":" in address.split("/", 1)[0].split("?")[0] else ""
        assert scheme in {"", "http", "https", "mailto"}, address


@given(text=some.text())
def test_any_text_can_be_rendered_and_stored(text: str) -> None:
    assert isinstance(render(text), str)
    tidy(text).encode()


def test_links_give_nothing_away() -> None:
    html = render("[a page](https://e.example/)")
    assert 'href="https://e.example/"' in html
    assert 'target="_blank"' in html
    for word in ("nofollow", "noopener", "noreferrer", "ugc"):
        assert word in html


@pytest.mark.parametrize(
    ("text", "address", "after"),
    [
        ("See https://e.example/a?b=1&c=2.", "https://e.example/a?b=1&amp;c=2", "."),
        ("(http://e.example/x_(y))", "http://e.example/x_(y)", ")"),
        ("*http://e.example*", "http://e.example", "</em>"),
        ("HTTPS://E.example/ ...", "HTTPS://E.example/", " ..."),
    ],
)
def test_a_plain_address_is_a_link(text: str, address: str, after: str) -> None:
    html = render(text)
    link = re.search(r'<a href="([^"]+)" target="_blank" rel="([^"]+)">([^<]+)</a>(.*?)</p>', html)
    assert link is not None, html
    assert link[1].lower() == address.lower()
    assert {"nofollow", "noopener"} <= set(link[2].split())
    assert link[4] == after


@pytest.mark.parametrize(
    "text",
    [
        *("www.e.example", "e.example/x", "ada@e.example", "mailto:ada@e.example", "//e.example/x"),
        *("ftp://e.example/x", "javascript://e.example/%0aalert(1)", "data:text/html,x", "http:", "https://"),
        *("`https://e.example/`", "    https://e.example/", "\\https\\://e.example/"),
    ],
)
def test_what_only_resembles_an_address_stays_text(text: str) -> None:
    assert "<a " not in render(text)


def test_a_list_of_addresses_is_a_list_of_links_but_not_a_text_of_nothing_else() -> None:
    """Where an address ends is looked for to the end of the text: thousands of them would take seconds."""
    address = "http://a.example/x\n"
    assert render(address * 100).count("<a ") == 100
    many = render(address * 101 + "[a page](https://e.example)")
    assert many.count("<a ") == 1
    assert many.count("http://a.example/x") == 101


@pytest.mark.parametrize("text", ["\u200b", "\u2060 \ufeff", "\u00ad\n\u200f", "  "])
def test_what_nobody_sees_is_no_text(text: str) -> None:
    assert not is_seen(text)
    assert is_seen(text + "a")


def test_a_link_s_own_words_are_no_second_link() -> None:
    assert render("[https://a.example](https://b.example)").count("<a ") == 1


def test_a_picture_becomes_a_link_to_it() -> None:
    html = render("![a *heron*](https://e.example/heron.png)")
    assert "<img" not in html
    assert 'href="https://e.example/heron.png"' in html
    assert ">a heron</a>" in html
    assert ">https://e.example/heron.png</a>" in render("![](https://e.example/heron.png)")


def test_html_shows_as_it_was_typed() -> None:
    assert render("<b>bold</b>") == "<p>&lt;b&gt;bold&lt;/b&gt;</p>\n"


@pytest.mark.parametrize("address", ["data:image/png;base64,AAAA", "DATA:image/gif;base64,AAAA"])
def test_a_picture_that_is_no_place_to_go_to_is_its_label(address: str) -> None:
    assert render(f"![a *heron* <b>]({address})!") == "<p>a heron &lt;b&gt;!</p>\n"


def rendered(text: str) -> str:
    """Nothing where it is refused for its markup."""
    try:
        return render(text)
    except Invalid as refused:
        if refused.code != "too_much_markup":
            raise
        return ""


tables = some.builds(
    lambda columns, rows, cell, lead, times: (
        (f"{lead}{'|a' * columns}\n{lead}{'|-' * columns}\n" + f"{lead}{cell}\n" * rows + "\n") * times
    ),
    some.integers(1, 2_000) | some.integers(1, 40),
    some.integers(0, 6_000) | some.integers(0, 40),
    some.sampled_from(["|x", "x", "|", "|x|y", "\\|"]),
    some.sampled_from(["", "> ", "- ", "  "]),
    some.integers(1, 300),
).map(lambda text: text[:MAX_BODY])


@settings(deadline=2_000)
@given(text=markdown | tables)
@example(text="|a" * 1_500 + "\n" + "|-" * 1_500 + "\n" + "|x\n" * 4_600)
@example(text="|a" * 250 + "\n" + "|-" * 250 + "\n" + "|x\n" * 6_000)
@example(text=("|a" * 50 + "\n" + "|-" * 50 + "\n" + "|x\n" * 20 + "\n") * 76)
@example(text="a|b|c\n-|-|-\n" * 800 + "x\n" * 5_000)
@example(text="[x]: https://e.example/" + "a" * 10_000 + "\n\n" + "[x]" * 3_000)
@example(text="[](a)" * 4_000)
@example(text="http://a " * 2_222)
@example(text="http://" * 2_850)
def test_no_text_unfolds_to_much_more_than_was_written(text: str) -> None:
    html = rendered(text)
    assert len(html) <= MAX_UNFOLDING * len(text) + SPARE
    # Rendering takes time for each cell.
    assert html.count("<td") <= 2 * (text.count("|") + text.count("\n") + 2) + 1_000


def test_ordinary_tables_are_none_of_that() -> None:
    wide = "|a" * 30 + "\n" + "|-" * 30 + "\n" + ("|some" * 30 + "\n") * 90
    assert rendered(wide).count("<td") == 30 * 90
    sparse = "|a|b|c|d|e|\n|-|-|-|-|-|\n" + "|x\n" * 60
    assert rendered(sparse).count("<td") == 5 * 60


def test_what_is_longer_than_a_post_is_not_rendered() -> None:
    with pytest.raises(Invalid) as refused:
        render("x" * (MAX_BODY + 1), field="prompt")
    assert (refused.value.code, refused.value.facts["field"]) == ("text_too_long", "prompt")


def test_a_title_turns_no_direction_but_its_own() -> None:
    assert one_line(" The \u202eriver\u2066\n at night\u2069\u202c") == "The river at night"
    assert one_line("نهر\u200f (1)") == "نهر\u200f (1)"


def test_headings_stand_below_those_of_the_page() -> None:
    assert render("# One") == "<h3>One</h3>\n"
    assert render("###### Six") == "<h6>Six</h6>\n"


def test_tables_lists_and_code_are_kept() -> None:
    assert Seen(render("|a|b|\n|-|-|\n|1|2|\n\n3. three\n\n```\ncode\n```\n\n> said\n\n~~gone~~")).tags == {
        *("table", "thead", "tbody", "tr", "th", "td", "ol", "li", "pre", "code", "blockquote", "p", "s")
    }


@pytest.mark.parametrize("text", ["", "  ", "\n\n\t"])
def test_nothing_is_shown_of_nothing(text: str) -> None:
    assert render(text) == ""


def test_deep_nesting_is_no_trap() -> None:
    for deep in ("> " * 3_000, "[" * 3_000, "- " * 3_000, "*" * 10_000 + "a"):
        assert len(render(deep)) < 200_000


def test_tidy_text_has_one_kind_of_line_end_and_no_unstorable_characters() -> None:
    assert tidy(" a\r\nb\rc\x00 \n") == "a\nb\nc"
    assert storable("a\x00b\ud800 ") == "ab? "
