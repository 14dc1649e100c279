"""The tool's application as tests make it: a new one for each, its templates and routes compiled once for all."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Rule

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
_compile_builder = Rule._compile_builder
_builders: dict[tuple[str, bool], Callable[..., tuple[str, str]]] = {}


def _compile_once(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
    """Werkzeug compiles a function for each route of each app; what it makes depends on the route's words alone."""
    if rule.defaults or rule.subdomain or rule.host:
        return _compile_builder(rule, append_unknown)
    key = (rule.rule, append_unknown)
    if key not in _builders:
        _builders[key] = _compile_builder(rule, append_unknown)
    return _builders[key]


_replaced: Any = Rule
_replaced._compile_builder = _compile_once


def new_app(given: Parts) -> Flask:
    """Compiling takes longer than most tests."""
    app = create_app(given)
    app.jinja_env.bytecode_cache = _compiled
    return app
