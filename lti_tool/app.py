"""The tool's web application, put together from its parts."""

from collections.abc import Callable
from functools import cache
from typing import Any

from babel import Locale
from flask import Flask, g, request
from flask_babel import Babel, get_locale
from werkzeug.middleware.proxy_fix import ProxyFix

from lti_tool import health, limits, logs, metrics, paths, translations
from lti_tool.bearer import register_bearer
from lti_tool.errors import register_errors
from lti_tool.headers import register_headers
from lti_tool.parts import Parts
from lti_tool.web.assets import register_assets
from lti_tool.web.kept import register_kept

MAX_BODY_BYTES = 1_000_000


def create_app(given: Parts) -> Flask:
    """A WSGI application over ``given``. Touches neither network nor database until a request comes."""
    app = _Web(
        "lti_tool",
        template_folder=str(paths.templates_folder()),
        static_folder=str(paths.static_folder()),
        static_url_path="/static",
    )
    app.extensions["alongside"] = given
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        MAX_FORM_MEMORY_SIZE=MAX_BODY_BYTES,
        # File names of built assets carry a digest of their content, so they may be kept for ever.
        SEND_FILE_MAX_AGE_DEFAULT=31_536_000,
        PROPAGATE_EXCEPTIONS=False,
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    if given.settings.proxies:
        hops = given.settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    Babel(app, locale_selector=choose_locale, default_translation_directories=str(translations.FOLDER))
    translations.register_translations(app)
    app.context_processor(lambda: {"locale": get_locale()})
    logs.register_logs(app)
    metrics.register_metrics(app, given)
    register_headers(app, given.settings)
    register_assets(app)
    register_kept(app)
    limits.register_limits(app, given.settings)
    register_errors(app)
    register_bearer(app)
    health.register_health(app)
    _register_blueprints(app)
    return app


class _Web(Flask):
    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """No view here is a coroutine, which Flask would ask of a dozen functions in each request."""
        return func


def choose_locale() -> Locale:
    """The person's language as the LMS gave it, else the browser's, else English."""
    offered = translations.offered()
    wanted = getattr(g.get("viewer"), "language", None) or g.get("language")
    if wanted:
        for candidate in (wanted.replace("-", "_"), wanted.partition("-")[0].partition("_")[0]):
            if candidate in offered:
                return _locale(candidate)
    return _locale(request.accept_languages.best_match(offered) or "en")


@cache
def _locale(offered: str) -> Locale:
    """Read once: from a name, flask_babel would read it anew for each request."""
    return Locale.parse(offered)


def _register_blueprints(app: Flask) -> None:
    from lti_tool.api import register_api
    from lti_tool.console import blueprint as console
    from lti_tool.front import front
    from lti_tool.lti.routes import blueprint as lti
    from lti_tool.profile import blueprint as profile
    from lti_tool.web import blueprint as web

    app.register_blueprint(front)
    app.register_blueprint(lti)
    app.register_blueprint(web)
    app.register_blueprint(profile)
    app.register_blueprint(console)
    register_api(app)
