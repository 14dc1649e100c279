"""A statement on its way in: checked, and not stored yet."""

from __future__ import annotations

from dataclasses import dataclass, field

from xapi.lrs.terms import Json
from xapi.lrs.validation.statement import VOIDED


@dataclass(slots=True)
class Incoming:
    """`id` is in lower case; `stored` is set when its turn has come; `second`: it came as one of xAPI 2.0."""

    id: str
    statement: Json
    received: str
    terms: set[bytes]
    attachments: list[tuple[str, str]] = field(default_factory=list)  # hash, media type
    stored: int = 0
    second: bool = False

    @property
    def target(self) -> str | None:
        """The id of the statement it is about, where its object is a StatementRef."""
        target = self.statement["object"]
        return target["id"].lower() if target.get("objectType") == "StatementRef" else None

    @property
    def voiding(self) -> bool:
        return bool(self.statement["verb"]["id"] == VOIDED)
