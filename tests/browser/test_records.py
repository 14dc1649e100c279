"""What is recorded of oneself: read, chosen and looked at, with the keyboard alone and on a narrow page."""

from collections.abc import Callable
from uuid import UUID

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from lti_tool.bridging import base_of
from social_layer.panels.models import Panel
from tests.browser.house import House
from tests.browser.test_access import violations
from tests.browser.visitor import Visitor
from xapi.dispatch import dispatch
from xapi.models import Lrs, Scope
from xapi.scopes.actions import set_rule
from xapi.scopes.models import Level
from xapi.stores import connect

VISIT = Callable[..., Visitor]


def allow_choice(house: House, visitor: Visitor) -> None:
    """In the visitor's course alone, for the house is everybody's."""
    config = visitor.frame.evaluate("JSON.parse(document.getElementById('config').textContent)")
    with house.given.database.write() as session:
        panel = session.scalars(select(Panel).where(Panel.id == UUID(config["panel_id"]))).one()
        if session.scalar(select(Lrs.id).limit(1)) is None:
            connect(
                session,
                house.given.clock,
                house.given.sealer,
                panel.tenant_id,
                name="University records",
                endpoint="https://lrs.example.org/xAPI",
                username="key",
                password="secret",
            )
        set_rule(
            session,
            house.given.clock,
            panel.tenant_id,
            Level.course,
            str(panel.course_id),
            scope=Scope.identified,
            may_choose=True,
            text=True,
            set_by="test",
        )


# A choice is a person's in all courses of the house, and so each time somebody else's.
@pytest.mark.parametrize(("who", "width", "scheme"), [("maya", 360, "light"), ("aisha", 900, "dark")])
def test_somebody_reads_what_is_recorded_and_chooses_less(
    visit: VISIT, house: House, who: str, width: int, scheme: str
) -> None:
    maya = visit(who, width=width, color_scheme=scheme)
    allow_choice(house, maya)
    maya.start_thread("Herons at dusk")
    dispatch(house.given.database, house.given.clock, base_of(house.given))

    maya.button("What is recorded of me").press("Enter")
    heading = maya.frame.get_by_role("heading", name="What is recorded of me")
    expect(heading).to_be_focused()
    maya.sees("without your name")
    maya.sees("University records")
    assert violations(maya.frame) == []

    maya.frame.locator("summary").filter(has_text="You started a thread").press("Enter")
    maya.sees("Nothing of it has left this tool")
    whole = maya.frame.get_by_role("radio", name="As my institution says")
    expect(whole).to_be_checked()
    maya.sees("The words that you write in this panel are sent with it.")
    wordless = maya.frame.get_by_role("checkbox", name="Without the words that I write")
    wordless.press("Space")
    whole.press("ArrowDown")
    pseudonym = maya.frame.get_by_role("radio", name="Under a pseudonym")
    expect(pseudonym).to_be_checked()
    pseudonym.press("Enter")
    maya.sees("random letters and figures")
    expect(maya.frame.locator("#live")).to_have_text("Saved. It holds from now on.")
    expect(pseudonym).to_be_checked()
    expect(wordless).to_be_checked()
    maya.sees("Never sent: the words that you write, and your drafts.")
    assert violations(maya.frame) == []
    root = "document.documentElement"
    assert maya.frame.evaluate(f"{root}.scrollWidth <= {root}.clientWidth")

    maya.button("Back to the panel").press("Enter")
    expect(maya.button("What is recorded of me")).to_be_focused()
