"""What the domain refuses. Each refusal has a code; the edge turns it into a sentence and a next step."""


class Refusal(Exception):
    """The change or look was refused; nothing was written.

    ``code``: a stable word (``entry_changed``); ``facts``: what the sentence shown to people may name.
    """

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


class NotFound(Refusal):
    """It does not exist, or this viewer may not know that it does."""


class NotAllowed(Refusal):
    """It exists, and this viewer may not do that with it."""


class Conflict(Refusal):
    """It has changed since the viewer last saw it, or was done before."""


class Invalid(Refusal):
    """What was given cannot be taken."""
