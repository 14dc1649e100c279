"""Names as their columns hold them: SQLite would take longer ones, PostgreSQL fail."""

# Of an institution.
MOST_NAME = 255


class NameTooLong(Exception):
    """In one line."""


def checked_tenant_name(name: str) -> str:
    """Raises :class:`NameTooLong`."""
    if len(name) > MOST_NAME:
        raise NameTooLong(f"the name of the institution is too long: {MOST_NAME} letters at most")
    return name
