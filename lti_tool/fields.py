"""Fields that forms and JSON bodies have in common."""

from datetime import datetime
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
    """An instant of this millennium: those at the ends of the calendar are in no calendar elsewhere."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        return _of_our_days(super()._deserialize(value, *args, **kwargs))


class LocalTime(fields.NaiveDateTime):
    """What a field of date and time holds; nothing, where it is empty. Whose time it is, the view knows."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        return None if value == "" else _of_our_days(super()._deserialize(value, *args, **kwargs))


def _of_our_days(at: datetime) -> datetime:
    if not 2000 <= at.year < 3000:
        raise ValidationError("Not a valid datetime.")
    return at
