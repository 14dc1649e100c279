"""Runs the tool under gunicorn: a few processes of a few threads each, all alike."""

from gunicorn.app.base import BaseApplication

from lti_tool import metrics
from lti_tool.app import create_app
from lti_tool.config import Settings
from lti_tool.lti.keys import ensure_tool_key
from lti_tool.parts import Parts
from social_layer.database import REQUEST_STATEMENT_SECONDS
from xapi.installation import activity_base


def first_start(given: Parts) -> None:
    """What is made once and then kept: the tool's first key, and the base of all activity ids."""
    with given.database.write() as session:
        activity_base(session, given.settings.public_url)
        ensure_tool_key(session, given.clock, given.sealer)


class Server(BaseApplication):
    """gunicorn, told in code what a configuration file would say."""

    def __init__(self, settings: Settings, options: dict[str, object]) -> None:
        self.settings = settings
        self.options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> object:
        # Called in each worker process, so that no connection is shared between processes.
        return create_app(Parts.of(self.settings, statement_seconds=REQUEST_STATEMENT_SECONDS))


def run(settings: Settings, host: str, port: int, workers: int, threads: int) -> None:
    """Serves until told to stop (SIGTERM, SIGINT: requests under way are finished)."""
    # One folder for each port, so that a second server on this machine does not count into the first one's.
    metrics.share_between_processes(settings.home / "metrics" / str(port))
    Server(
        settings,
        {
            "bind": f"{host}:{port}",
            "workers": workers,
            "threads": threads,
            "worker_class": "gthread",
            "timeout": 60,
            "graceful_timeout": 10,
            "keepalive": 5,
            "max_requests": 0,
            "control_socket_disable": True,
            "loglevel": "warning",
            "forwarded_allow_ips": "*" if settings.proxies else "127.0.0.1",
        },
    ).run()
