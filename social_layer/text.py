"""Markdown → HTML that is safe to show: no scripts, no foreign pictures, links that give nothing away."""

import re
from functools import cache

import nh3
from linkify_it import LinkifyIt
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.rules_block import StateBlock, table
from markdown_it.rules_core import StateCore

from social_layer.refusals import Invalid

MAX_TITLE = 255
MAX_BODY = 20_000
# Finding where an address ends may take a look at all that follows: in a text of more addresses only those that are
# marked as links become ones.
MOST_ADDRESSES = 100
# Markup may unfold to so much HTML, in characters: so many times the text, and some more for short ones.
MAX_UNFOLDING, SPARE = 8, 10_000

_TAGS = {
    "p", "br", "hr", "h3", "h4", "h5", "h6", "strong", "em", "s", "code", "pre", "blockquote",
    "ul", "ol", "li", "a", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
_SCHEMES = {"http", "https", "mailto"}
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
# They turn the direction of whatever follows them, beyond the name or title that they stand in.
_DIRECTIONS = re.compile("[\u202a-\u202e\u2066-\u2069]")
# Besides spaces: what nobody sees, as a range of characters.
UNSEEN = "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
_SEEN = re.compile(f"[^\\s{UNSEEN}]")


def render(markdown: str, *, field: str = "body") -> str:
    """``markdown`` as safe HTML. Raw HTML shows as text, pictures become links, headings start at level 3.

    Raises ``text_too_long``, and ``too_much_markup`` for what unfolds to far more than was written; ``field``
    is what they name.
    """
    if not markdown.strip():
        return ""
    check_length(field, markdown, MAX_BODY)
    most = MAX_UNFOLDING * len(markdown) + SPARE
    # Before it is made safe as well: references can name one long address a thousand times.
    html = _within(most, field, _parser(markdown.count("://") <= MOST_ADDRESSES).render(markdown))
    return _within(most, field, _safe(html))


def check_length(field: str, value: str, most: int) -> None:
    """Raises ``text_too_long``."""
    if len(value) > most:
        raise Invalid("text_too_long", field=field, most=most, length=len(value))


def one_line(text: str) -> str:
    """A title or a name as it is stored: on one line, in a direction that ends with it."""
    return " ".join(_DIRECTIONS.sub("", tidy(text)).split())


def tidy(text: str) -> str:
    """Text as it is stored: storable, with one kind of line end, and nothing around it."""
    return storable(text).replace("\r\n", "\n").replace("\r", "\n").strip()


def is_seen(text: str) -> bool:
    """Whether there is anything to read in it."""
    return bool(_SEEN.search(text))


def storable(text: str) -> str:
    """``text`` without what databases refuse: NUL, and halves of characters, which become question marks."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def _within(most: int, field: str, html: str) -> str:
    if len(html) > most:
        raise Invalid("too_much_markup", field=field)
    return html


def _safe(html: str) -> str:
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel="nofollow noopener noreferrer ugc",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )


@cache
def _parser(finds_addresses: bool) -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": finds_addresses, "maxNesting": 20})
    parser.enable(["table", "strikethrough", "linkify"])
    parser.linkify = _addresses()
    parser.block.ruler.at("table", _table, {"alt": ["paragraph", "reference"]})
    parser.core.ruler.push("alongside", _soften)
    return parser


def _addresses() -> LinkifyIt:
    """What is a link without being marked as one: an address that says http(s) itself, nothing that is a guess."""
    others = dict.fromkeys(("ftp:", "mailto:", "//"))
    return LinkifyIt(others, {"fuzzy_link": False, "fuzzy_email": False, "fuzzy_ip": False})


def _table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A table, unless most of its cells are ones that nobody wrote: each row is filled up to the first one's width.

    A text may have so many empty cells as ``_EMPTY_CELLS`` says without a question.
    """
    if not table(state, start, end, True):
        return False
    here = state.bMarks[start]
    blank = state.src.find("\n\n", here)
    there = blank if blank >= 0 else len(state.src)
    rows = state.src.count("\n", here, there) + 1
    width = state.src.count("|", here, state.eMarks[start]) + 1
    unwritten = rows * width - 2 * (rows + state.src.count("|", here, there))
    left = state.env.setdefault("empty cells", _EMPTY_CELLS) - max(unwritten, 0)
    if left < 0:
        return False
    if not silent:
        state.env["empty cells"] = left
    return table(state, start, end, silent)


_EMPTY_CELLS = 1_000


def _soften(state: StateCore) -> None:
    """Pictures to links (a remote picture tells its server who reads), top headings to the page's third level."""
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 2, 6)}"
        for child in token.children or ():
            if child.type == "image":
                address = str(child.attrGet("src"))
                label = "".join(inner.content for inner in child.children or ())
                child.tag, child.nesting, child.children = "", 0, None
                if _leads_somewhere(address):
                    child.type = "html_inline"
                    child.content = f'<a href="{escapeHtml(address)}">{escapeHtml(label or address)}</a>'
                else:
                    child.type, child.content = "text", label


def _leads_somewhere(address: str) -> bool:
    """Whether a link may have it: what a ``data:`` address holds is no place to go to."""
    scheme = _SCHEME.match(address)
    return scheme is None or scheme[1].lower() in _SCHEMES
