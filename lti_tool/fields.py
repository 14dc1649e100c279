"""Fields that forms and JSON bodies have in common."""

from datetime import UTC, datetime
from typing import Any

from marshmallow import ValidationError, fields


class Text(fields.String):
    """Text that can be stored: halves of characters, which JSON can carry, cannot."""

    def _deserialize(self, *args: Any, **kwargs: Any) -> str:
        text: str = super()._deserialize(*args, **kwargs) or ""
        try:
            text.encode()
        except UnicodeEncodeError:
            raise ValidationError("Not a valid string.") from None
        return text


class ChosenId(fields.UUID):
    """An id chosen from a list; its empty line stands for none of them."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        return None if value == "" else super()._deserialize(value, *args, **kwargs)


class Instant(fields.AwareDateTime):
    """An instant, in the years 2000 to 2999: one before or after stands for the first or the last of them."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        at = super()._deserialize(value, *args, **kwargs)
        first, last = datetime(2000, 1, 1, tzinfo=UTC), datetime(2999, 12, 31, tzinfo=UTC)
        return first if at.year < 2000 else last if at.year > 2999 else at


class LocalTime(fields.NaiveDateTime):
    """What a field of date and time holds; nothing, where it is empty. Whose time it is, the view knows."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        return None if value == "" else _of_our_days(super()._deserialize(value, *args, **kwargs))


def _of_our_days(at: datetime) -> datetime:
    if not 2000 <= at.year < 3000:
        raise ValidationError("Not a valid datetime.")
    return at
