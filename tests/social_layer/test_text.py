"""Markdown as it is shown: safe whatever stands in it."""

from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from social_layer.text import render, storable, tidy

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


def test_a_picture_becomes_a_link_to_it() -> None:
    html = render("![a *heron*](https://e.example/heron.png)")
    assert "<img" not in html
    assert 'href="https://e.example/heron.png"' in html
    assert ">a heron</a>" in html
    assert ">https://e.example/heron.png</a>" in render("![](https://e.example/heron.png)")


def test_html_shows_as_it_was_typed() -> None:
    assert render("<b>bold</b>") == "<p>&lt;b&gt;bold&lt;/b&gt;</p>\n"


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
