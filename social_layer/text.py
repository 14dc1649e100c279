"""Markdown → HTML that is safe to show: no scripts, no foreign pictures, links that give nothing away."""

from functools import cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.rules_core import StateCore

MAX_TITLE = 255
MAX_BODY = 20_000

_TAGS = {
    "p", "br", "hr", "h3", "h4", "h5", "h6", "strong", "em", "s", "code", "pre", "blockquote",
    "ul", "ol", "li", "a", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
_SCHEMES = {"http", "https", "mailto"}


def render(markdown: str) -> str:
    """``markdown`` as safe HTML. Raw HTML shows as text, pictures become links, headings start at level 3."""
    if not markdown.strip():
        return ""
    return nh3.clean(
        _parser().render(markdown),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel="nofollow noopener noreferrer ugc",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )


def tidy(text: str) -> str:
    """Text as it is stored: storable, with one kind of line end, and nothing around it."""
    return storable(text).replace("\r\n", "\n").replace("\r", "\n").strip()


def storable(text: str) -> str:
    """``text`` without what databases refuse: NUL, and halves of characters, which become question marks."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False, "maxNesting": 20})
    parser.enable(["table", "strikethrough"])
    parser.core.ruler.push("alongside", _soften)
    return parser


def _soften(state: StateCore) -> None:
    """Pictures to links (a remote picture tells its server who reads), top headings to the page's third level."""
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 2, 6)}"
        for child in token.children or ():
            if child.type == "image":
                address = child.attrGet("src")
                label = "".join(inner.content for inner in child.children or ()) or address
                child.type, child.tag, child.nesting, child.children = "html_inline", "", 0, None
                child.content = f'<a href="{escapeHtml(str(address))}">{escapeHtml(str(label))}</a>'
