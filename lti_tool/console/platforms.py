"""The registered LMSs: all of them, one of them, its name, and its end."""

from uuid import UUID

from flask import Response, make_response, redirect, render_template, url_for

from lti_tool.console import blueprint, queries
from lti_tool.console.forms import Listing, Rename, from_form, from_query
from lti_tool.console.guard import me, scope
from lti_tool.logs import log
from lti_tool.lti import frames, notice_handlers, registrations
from lti_tool.lti.platforms import family_of
from lti_tool.parts import parts


@blueprint.get("/platforms")
def platforms() -> str:
    asked = from_query(Listing)
    given = parts()
    with given.database.read() as session:
        page = queries.platforms_page(session, scope(), asked["after"])
        counted = queries.counted_launches(session, scope(), given.clock())
    return render_template("console/platforms.html", page=page, counted=counted, asked=asked)


@blueprint.get("/platforms/<uuid:platform_id>")
def platform(platform_id: UUID) -> str:
    asked = from_query(Listing)
    given = parts()
    with given.database.read() as session:
        row = queries.find_platform(session, scope(), platform_id)
        deployments = queries.deployments_page(session, row.platform, asked["after"])
        notices = notice_handlers.services_of(
            session, row.platform.tenant_id, [one.id for one in deployments.items]
        )
        return render_template(
            "console/platform.html",
            row=row,
            family=family_of(row.platform.family),
            deployments=deployments,
            asked=asked,
            notices={
                one.id: (notice_handlers.state_of(notices.get(one.id)), notices.get(one.id))
                for one in deployments.items
            },
            frames=queries.frames_of(session, row.platform.tenant_id),
            issuer_origin=frames.origin_of(row.platform.issuer),
            service_errors=queries.service_errors_of(session, row.platform),
            counted=queries.counted_launches(session, scope(), given.clock()).get(platform_id),
        )


@blueprint.post("/platforms/<uuid:platform_id>/name")
def rename_platform(platform_id: UUID) -> Response:
    sent = from_form(Rename)
    with parts().database.write() as session:
        row = queries.find_platform(session, scope(), platform_id)
        row.platform.name = sent["name"]
    log.info("platform renamed", operator=me().name, platform=str(platform_id))
    return make_response(redirect(url_for("console.platform", platform_id=platform_id, done="renamed"), 303))


@blueprint.get("/platforms/<uuid:platform_id>/removal")
def confirm_removal(platform_id: UUID) -> str:
    with parts().database.read() as session:
        row = queries.find_platform(session, scope(), platform_id)
    return render_template("console/remove_platform.html", row=row)


@blueprint.post("/platforms/<uuid:platform_id>/removal")
def remove_platform(platform_id: UUID) -> Response:
    given = parts()
    with given.database.write() as session:
        row = queries.find_platform(session, scope(), platform_id)
        registrations.remove(session, given.clock, row.platform)
    log.warning("platform removed", operator=me().name, platform=str(platform_id), issuer=row.platform.issuer)
    return make_response(redirect(url_for("console.platforms", done="removed"), 303))
