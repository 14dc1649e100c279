"""The tool's application as tests make it: a new one for each, with templates compiled once for all of them."""

from io import BytesIO

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

from lti_tool.app import create_app
from lti_tool.parts import Parts


class _Compiled(BytecodeCache):
    """Templates of this run, by what they are made of: a changed one is another."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if kept := self._kept.get((bucket.key, bucket.checksum)):
            bucket.load_bytecode(BytesIO(kept))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


_compiled = _Compiled()


def new_app(given: Parts) -> Flask:
    """Compiling takes longer than most tests."""
    app = create_app(given)
    app.jinja_env.bytecode_cache = _compiled
    return app
