"""The xAPI profile at its own address: JSON-LD for programs, a page for people, the same for everybody."""

from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.parts import parts
from lti_tool.problems import Problem
from xapi.installation import find_activity_base
from xapi.profile.document import MEDIA_TYPE, profile_document, profile_text
from xapi.vocabulary import PROFILE_VERSIONS

blueprint = Blueprint("profile", __name__, url_prefix="/xapi")

_KEPT_SECONDS = 3600
_OWN = "activity-types", "extensions", "templates", "patterns"


@blueprint.get("/profile")
def show_profile() -> Response:
    """For browsers the page, for everybody else the document."""
    return _page() if _wants_page() else _document()


@blueprint.get("/profile/<version>")
def show_version(version: str) -> Response:
    """What the category of each statement names. The document tells of earlier versions, too."""
    if version not in {one.name for one in PROFILE_VERSIONS}:
        raise Problem("not_found")
    return show_profile()


@blueprint.get("/profile.jsonld")
def show_document() -> Response:
    return _document()


@blueprint.get("/profile.html")
def show_page() -> Response:
    return _page()


@blueprint.get(f"/<any({', '.join(map(repr, _OWN))}):kind>/<path:name>")
def show_term(kind: str, name: str) -> AnyResponse:
    """The ids of our own terms lead to where they are explained."""
    base = _base()
    iri = f"{base}/xapi/{kind}/{name}"
    known = {part["id"] for parts_of in _parts(profile_document(base)) for part in parts_of}
    if iri not in known:
        raise Problem("not_found")
    if _wants_page():
        answer = redirect(url_for("profile.show_page", _anchor=anchor(iri, base)), code=303)
    else:
        answer = redirect(url_for("profile.show_document"), code=303)
    answer.vary.add("Accept")
    return answer


def anchor(iri: str, base: str) -> str:
    """Where on the page a term is explained."""
    return iri.removeprefix(f"{base}/xapi/").replace("/", "-")


def _base() -> str:
    given = parts()
    with given.database.read() as session:
        return find_activity_base(session) or given.settings.public_url


def _parts(profile: dict[str, Any]) -> list[list[dict[str, Any]]]:
    return [profile["concepts"], profile["templates"], profile["patterns"]]


def _wants_page() -> bool:
    offers = [MEDIA_TYPE, "application/json", "text/html"]
    return request.accept_mimetypes.best_match(offers) == "text/html"


def _document() -> Response:
    answer = make_response(profile_text(_base()))
    only_json = request.accept_mimetypes.best_match([MEDIA_TYPE, "application/json"]) == "application/json"
    answer.content_type = "application/json" if only_json else MEDIA_TYPE
    # Read by profile servers and by pages of others, who send nothing along.
    answer.headers["Access-Control-Allow-Origin"] = "*"
    return _kept(answer)


def _page() -> Response:
    base = _base()
    profile = profile_document(base)
    page = render_template(
        "profile/profile.html",
        profile=profile,
        version=profile["versions"][0],
        anchor=lambda iri: anchor(iri, base),
        labels={part["id"]: part["prefLabel"]["en"] for parts_of in _parts(profile) for part in parts_of},
    )
    return _kept(make_response(page))


def _kept(answer: Response) -> Response:
    """Nothing of anybody is in it, so that caches on the way may keep it."""
    answer.vary.add("Accept")
    answer.vary.add("Accept-Language")
    answer.headers["Cache-Control"] = f"public, max-age={_KEPT_SECONDS}"
    answer.add_etag()
    answer.make_conditional(request)
    return answer
