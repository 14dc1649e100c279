"""Fields that forms and JSON bodies have in common."""

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
