"""Formal records: by what else people are known, out of a file that is looked at first; and whose course they are of.

Each address names the institution: whose operator is restricted to another finds nothing there.
"""

import io
from typing import Any
from uuid import UUID

from flask import Response, make_response, redirect, render_template, request, url_for
from flask_babel import lazy_gettext
from sqlalchemy import delete

from lti_tool.bridging import base_of
from lti_tool.console import blueprint, queries, record_queries
from lti_tool.console.forms import (
    Listing,
    MapWish,
    PreviewedFile,
    UnmapWish,
    from_form,
    from_query,
)
from lti_tool.console.guard import me, scope
from lti_tool.logs import log
from lti_tool.parts import parts
from lti_tool.problems import Problem
from lti_tool.records import importing, joining
from lti_tool.records.importing import FileWrong, Flaw, Verdict
from lti_tool.records.joining import MappingRefused, Wrong
from lti_tool.records.previewed import PreviewOver, opened_preview, sealed_preview
from social_layer.people.models import Tenant
from xapi.gathering.models import PersonIdentifier

# Twelve thousand lines or so; a larger file comes with the command.
MOST_FILE_BYTES = 1_000_000
SHOWN = 50
SHOWN_WELL = 10
FLAWS = {
    Flaw.columns: lazy_gettext(
        "Its first line must name the columns identifier and account; missing: %(told)s."
    ),
    Flaw.doubled: lazy_gettext("Its first line names a column twice: %(told)s."),
    Flaw.csv: lazy_gettext("It is no CSV: %(told)s."),
    Flaw.encoding: lazy_gettext("It is not in UTF-8. Save it as “CSV UTF-8”."),
    Flaw.lines: lazy_gettext("It has more than %(told)s lines. Import it in parts."),
    Flaw.size: lazy_gettext("It has more than %(told)s MB. Import it in parts."),
}
VERDICTS = {
    Verdict.unknown: lazy_gettext("nobody here has this account"),
    Verdict.wrong: lazy_gettext("no identifier: a mail address, its SHA-1, or homePage|name is one"),
    Verdict.conflict: lazy_gettext("somebody else is known by it already, here or in another line"),
    Verdict.ours: lazy_gettext(
        "an account of Alongside's own: aliases and pseudonyms are never joined to people"
    ),
}
_MAPPING = {
    Wrong.activity: lazy_gettext("That is no activity id. Give an absolute IRI, as it stands in statements."),
    Wrong.unknown_course: lazy_gettext("No course here is called so. Give its title, its label or its id."),
    Wrong.several_courses: lazy_gettext(
        "Several courses are called so. Give the id of the one that is meant."
    ),
}


@blueprint.get("/records")
def records() -> str:
    """Of the operator's institution, or of the first one of all."""
    with parts().database.read() as session:
        if not queries.tenants_to_choose(session, scope()):
            return render_template("console/no_institution.html")
    return _identifiers(None)


@blueprint.get("/records/<uuid:tenant_id>")
def records_of(tenant_id: UUID) -> str:
    return _identifiers(tenant_id)


@blueprint.post("/records/<uuid:tenant_id>/preview")
def preview_records(tenant_id: UUID) -> Response:
    """What would come of the file. Nothing is kept: the page carries the file on, sealed."""
    _mine(tenant_id)
    sent = request.files.get("file")
    content = sent.read(MOST_FILE_BYTES + 1) if sent else b""
    if not content:
        raise Problem("file_missing")
    if len(content) > MOST_FILE_BYTES:
        raise Problem("records_file_too_large", most=f"{MOST_FILE_BYTES // 1000:n} kB")
    given = parts()
    base = base_of(given)
    try:
        text = importing.decoded(content)
        with given.database.read() as session:
            found = importing.preview(session, tenant_id, base, io.StringIO(text, newline=""))
    except FileWrong as wrong:
        page = _identifiers(tenant_id, trouble=str(FLAWS[wrong.flaw]) % {"told": wrong.told})
        return make_response(page, 422)
    return make_response(_previewed(tenant_id, found, content))


@blueprint.post("/records/<uuid:tenant_id>/imports")
def import_records(tenant_id: UUID) -> Response:
    """Of a file that was previewed. What has changed since stands in the preview that is shown again."""
    _mine(tenant_id)
    wish = from_form(PreviewedFile)
    given = parts()
    try:
        content = opened_preview(given.sealer, given.clock(), tenant_id, wish["previewed"])
    except PreviewOver:
        raise Problem("preview_over") from None
    found, is_written = importing.bring_in(
        given.database,
        given.clock(),
        tenant_id,
        base_of(given),
        importing.decoded(content),
        without_unknown=wish["without_unknown"],
    )
    if not is_written:
        return make_response(_previewed(tenant_id, found, content, has_changed=True), 409)
    new = found.count(Verdict.new)
    log.warning("identifiers imported", operator=me().name, tenant=str(tenant_id), new=new)
    known, left_out = found.count(Verdict.known), len(found.problems)
    address = url_for(
        "console.records_of", tenant_id=tenant_id, done="imported", new=new, known=known, left_out=left_out
    )
    return make_response(redirect(address, 303))


@blueprint.get("/records/<uuid:tenant_id>/removal")
def confirm_records_removal(tenant_id: UUID) -> str:
    _mine(tenant_id)
    with parts().database.read() as session:
        imported = record_queries.imported(session, tenant_id)
    return render_template("console/remove_records.html", tenant_id=tenant_id, imported=imported)


@blueprint.post("/records/<uuid:tenant_id>/removal")
def remove_records(tenant_id: UUID) -> Response:
    """The whole table. Records stay where they are; they are nobody's again where only the table told whose."""
    _mine(tenant_id)
    with parts().database.write() as session:
        gone = session.execute(delete(PersonIdentifier).where(PersonIdentifier.tenant_id == tenant_id))
        number = int(gone.rowcount)  # type: ignore[attr-defined]
    log.warning("identifiers removed", operator=me().name, tenant=str(tenant_id), identifiers=number)
    return make_response(redirect(url_for("console.records_of", tenant_id=tenant_id, done="removed"), 303))


@blueprint.get("/records/<uuid:tenant_id>/activities")
def mapped_activities(tenant_id: UUID) -> str:
    return _activities(_mine(tenant_id))


@blueprint.post("/records/<uuid:tenant_id>/activities")
def map_activity(tenant_id: UUID) -> Response:
    """A word about an activity that has one already replaces it."""
    tenant = _mine(tenant_id)
    wish = from_form(MapWish)
    given = parts()
    base = base_of(given)
    try:
        with given.database.write() as session:
            course_id = joining.find_course(session, tenant_id, base, wish["course"])
            joining.map_activity(session, given.clock(), tenant_id, wish["activity"], course_id)
    except MappingRefused as refused:
        page = _activities(tenant, trouble=str(_MAPPING[refused.wrong]), wish=wish)
        return make_response(page, 422)
    log.info("activity mapped", operator=me().name, activity=wish["activity"], course=str(course_id))
    address = url_for("console.mapped_activities", tenant_id=tenant_id, done="mapped")
    return make_response(redirect(address, 303))


@blueprint.post("/records/<uuid:tenant_id>/activities/removal")
def unmap_activity(tenant_id: UUID) -> Response:
    """One that is gone already is what was wanted."""
    _mine(tenant_id)
    wish = from_form(UnmapWish)
    try:
        with parts().database.write() as session:
            joining.unmap_activity(session, tenant_id, wish["activity"])
        log.info("activity unmapped", operator=me().name, activity=wish["activity"])
    except MappingRefused:
        pass
    address = url_for("console.mapped_activities", tenant_id=tenant_id, done="unmapped")
    return make_response(redirect(address, 303))


def _mine(tenant_id: UUID) -> Tenant:
    """Raises ``not_found``."""
    with parts().database.read() as session:
        return queries.chosen_tenant(session, scope(), tenant_id)


def _identifiers(tenant_id: UUID | None, trouble: str | None = None) -> str:
    after = from_query(Listing)["after"] if request.method == "GET" else ""
    with parts().database.read() as session:
        tenant = queries.chosen_tenant(session, scope(), tenant_id)
        page = record_queries.identifiers_page(session, tenant.id, after)
        imported = record_queries.imported(session, tenant.id)
        tenants = queries.tenants_to_choose(session, scope())
    return render_template(
        "console/records.html",
        tenant=tenant,
        tenants=tenants,
        imported=imported,
        page=page,
        after=after,
        trouble=trouble,
        most_bytes=MOST_FILE_BYTES,
        counted={name: request.args.get(name, 0, type=int) for name in ("new", "known", "left_out")},
    )


def _previewed(
    tenant_id: UUID, found: importing.Preview, content: bytes, *, has_changed: bool = False
) -> str:
    given = parts()
    new = [line for line in found.lines if line.verdict is Verdict.new][:SHOWN_WELL]
    with given.database.read() as session:
        who = record_queries.people_known(
            session, tenant_id, {line.person_id for line in new if line.person_id}
        )
    return render_template(
        "console/records_preview.html",
        tenant_id=tenant_id,
        found=found,
        new_ones=[(line, *who.get(line.person_id, (None, ()))) for line in new if line.person_id],
        problems=found.problems[:SHOWN],
        verdicts=VERDICTS,
        Verdict=Verdict,
        has_changed=has_changed,
        previewed=sealed_preview(given.sealer, given.clock(), tenant_id, content),
    )


def _activities(tenant: Tenant, trouble: str | None = None, wish: dict[str, Any] | None = None) -> str:
    after = from_query(Listing)["after"] if request.method == "GET" else ""
    with parts().database.read() as session:
        page = record_queries.maps_page(session, tenant.id, after)
    return render_template(
        "console/activities.html", tenant=tenant, page=page, after=after, trouble=trouble, wish=wish or {}
    )
