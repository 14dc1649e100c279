"""Where the pages and the built assets stand: in the checkout, or inside an installed wheel."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def templates_folder() -> Path:
    """The folder of the Jinja templates: packed into `lti_tool` by the wheel, beside it in the checkout."""
    packed = PACKAGE / "templates"
    return packed if packed.is_dir() else PACKAGE.parent / "templates"


def static_folder() -> Path:
    """The folder of the page assets that the build writes; it may not exist before the first build."""
    return PACKAGE / "static"
