"""A foreign xAPI 1.0.3 validator, in a node process that stays for the next statements."""

import json
import subprocess
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Self

from tests.services import find


class XapiValidator:
    """Asks @learninglocker/xapi-validation; its process ends with ours, for its standard input closes then."""

    def __init__(self) -> None:
        find.lrs_package("@learninglocker/xapi-validation/package.json")
        self._process = subprocess.Popen(
            [find.node(), str(find.LRS_FOLDER / "validate.cjs")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def __call__(self, statements: Iterable[dict[str, Any]]) -> list[list[str]]:
        """What is wrong with each statement: a list as long as `statements`, each entry empty where it is valid."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        answers = []
        for statement in statements:
            self._process.stdin.write(json.dumps(statement) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
            assert line, "the validator stopped; what it said is in the captured output"
            answers.append(json.loads(line))
        return answers

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=10)
        self._process.stdout.close()
