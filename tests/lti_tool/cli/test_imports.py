"""Each command begins in a process of its own, where nothing of ours was imported before."""

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
COMMANDS = sorted(
    str(path.relative_to(ROOT).with_suffix("")).replace("/", ".").removesuffix(".__init__")
    for path in (ROOT / "lti_tool" / "cli").rglob("*.py")
)


@pytest.mark.parametrize(
    "module", [*COMMANDS, "lti_tool.app", "lti_tool.worker", "lti_tool.reporting.opening"]
)
def test_it_can_be_imported_first(module: str) -> None:
    # A fork with what others wrote still in memory, and of ours nothing: a new interpreter for each takes too long.
    child = os.fork()
    if child == 0:
        code = 1
        try:
            for name in list(sys.modules):
                if name.partition(".")[0] in ("lti_tool", "xapi", "social_layer"):
                    del sys.modules[name]
            __import__(module)
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
