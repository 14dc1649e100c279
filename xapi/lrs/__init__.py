"""The bundled LRS: a small Flask app of its own, on a database of its own.

`create_lrs` and `serve` are loaded when asked for, so that who only needs `xapi.lrs.validation` loads no Flask.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xapi.lrs.settings import LrsSettings

if TYPE_CHECKING:
    from xapi.lrs.app import create_lrs
    from xapi.lrs.migrations import upgrade
    from xapi.lrs.server import serve

__all__ = ["LrsSettings", "create_lrs", "serve", "upgrade"]


def __getattr__(name: str) -> Any:
    if name == "create_lrs":
        from xapi.lrs.app import create_lrs

        return create_lrs
    if name == "serve":
        from xapi.lrs.server import serve

        return serve
    if name == "upgrade":
        from xapi.lrs.migrations import upgrade

        return upgrade
    raise AttributeError(name)
