"""Strict checks of a statement against xAPI 1.0.3 (Data), or 2.0 (IEEE 9274.1.1) where that is asked for.

`validate_statement` takes parsed JSON and answers every breach it finds; an empty list means valid.
It needs nothing but the standard library, so that the sender of statements checks with the very rules
that the bundled LRS refuses by.
"""

from xapi.lrs.validation.problem import Problem
from xapi.lrs.validation.statement import validate_agent_filter, validate_statement

__all__ = ["Problem", "validate_agent_filter", "validate_statement"]
