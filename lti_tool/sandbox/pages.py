"""The pages people see: front page, a person's courses, lessons with panels, the launch, the statements."""

from typing import Any, get_args
from urllib.parse import urlsplit

from flask import (
    Blueprint,
    Response,
    abort,
    jsonify,
    redirect,
    render_template,
    request,
    send_from_directory,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from lti_tool.paths import templates_folder
from lti_tool.sandbox import statements
from lti_tool.sandbox.launches import LaunchOptions, Target
from lti_tool.sandbox.payloads import BAD_PAYLOADS, BEYOND, EVERY, VALID_LAUNCHES
from lti_tool.sandbox.platform import Sandbox
from lti_tool.sandbox.surroundings import around, lessons_of, person_in, refuse_other_sites
from lti_tool.sandbox.world import Course, Person, Role, Unknown, World

TINTS = 6
"""How many colours of faces the style sheet has."""
EVERYBODYS = ("pages.courses", "pages.course", "pages.lesson", "pages.whole_page", "grades.book")
LANGUAGES = {"en": "English", "de": "Deutsch", "fr": "Français"}
"""What the developer drawer offers; into the last the panels are not translated."""
TARGETS: tuple[Target, ...] = get_args(Target)


def origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def chosen_options(sandbox: Sandbox) -> LaunchOptions:
    """The developer drawer's choices, which travel in the address: a tab never changes another one."""
    usual, asked = sandbox.default_options(), request.args
    targets = [each for each in TARGETS if each == asked.get("target")]
    return LaunchOptions(
        variation=asked.get("variation", "") if asked.get("variation", "") in EVERY else "",
        names=usual.names and "no_names" not in asked,
        email=usual.email and "no_email" not in asked,
        target=targets[0] if targets else "iframe",
        login="GET" if asked.get("login") == "GET" else usual.login,
        language=asked.get("language", "") if asked.get("language", "") in LANGUAGES else usual.language,
    )


def as_query(options: LaunchOptions) -> dict[str, str]:
    query = {}
    if options.variation:
        query["variation"] = options.variation
    if not options.names:
        query["no_names"] = "1"
    if not options.email:
        query["no_email"] = "1"
    if options.target != "iframe":
        query["target"] = options.target
    if options.login == "GET":
        query["login"] = "GET"
    if options.language != "en":
        query["language"] = options.language
    return query


def blueprint(sandbox: Sandbox) -> Blueprint:
    pages = Blueprint("pages", __name__)
    world, profile = sandbox.world, sandbox.profile
    actors: dict[str, dict[str, Any]] = {}

    def tool_origins() -> list[str]:
        tools = [tool for tool in sandbox.tools.values() if tool.active]
        return sorted({origin(url) for tool in tools for url in (tool.login_url, *tool.launch_urls)})

    @pages.app_errorhandler(Unknown)
    def not_known(error: Unknown) -> ResponseReturnValue:
        advice = _("The address names something that is not in this sandbox.")
        return render_template("sandbox/refused.html", sentence=f"{error}", advice=advice), 404

    def same_page_as(person: Person, course: Course | None = None) -> str:
        """This page as somebody else sees it; pages that are not everybody's give way to the course."""
        if request.endpoint in EVERYBODYS and request.view_args:
            return url_for(request.endpoint, **{**request.view_args, "person": person.key})
        if course:
            return url_for("pages.course", person=person.key, course=course.key)
        return url_for("pages.courses", person=person.key)

    @pages.app_context_processor
    def everywhere() -> dict[str, Any]:
        return {
            "world": world,
            "same_page_as": same_page_as,
            "profile": profile,
            "tint": lambda person: sum(person.key.encode()) % TINTS,
            "cast": [person for person in world.people.values() if not person.extra],
            "role_in": lambda person, course: role_word(world, person, course),
            "storage": {
                "target": profile.storage_target,
                "origins": tool_origins(),
                "resize": profile.name == "canvas",
            },
        }

    @pages.get("/")
    def front() -> str:
        people = [person for person in world.people.values() if not person.extra]
        learners = [p for p in people if all(role is Role.LEARNER for role in world.roles_of(p))]
        staff = [p for p in people if p.administrator or p not in learners]
        learners = [p for p in learners if p not in staff]
        return render_template("sandbox/front.html", staff=staff, learners=learners)

    @pages.get("/as/<person>/")
    def courses(person: str) -> str:
        me = world.person(person)
        return render_template("sandbox/courses.html", me=me, courses=world.courses_of(me))

    @pages.get("/as/<person>/courses/<course>/")
    def course(person: str, course: str) -> ResponseReturnValue:
        me, here = person_in(world, course, person)
        first = lessons_of(world, here)[0]
        return redirect(url_for(".lesson", person=me.key, course=here.key, lesson=first.key))

    @pages.get("/as/<person>/courses/<course>/<lesson>")
    def lesson(person: str, course: str, lesson: str) -> str:
        me, here = person_in(world, course, person)
        outline = lessons_of(world, here)
        number = next((n for n, each in enumerate(outline) if each.key == lesson), None)
        if number is None:
            raise Unknown(f"No lesson {lesson!r} in {here.title}")
        options = chosen_options(sandbox)
        return render_template(
            "sandbox/lesson.html",
            **around(world, me, here),
            lesson=outline[number],
            before=outline[number - 1] if number else None,
            after=outline[number + 1] if number + 1 < len(outline) else None,
            options=options,
            query=as_query(options),
            altered=EVERY[options.variation] if options.variation else None,
            variations=_groups_of_variations(),
            languages=LANGUAGES,
        )

    @pages.get("/as/<person>/courses/<course>/links/<link>")
    def whole_page(person: str, course: str, link: str) -> str:
        """A link that fills the page, such as Canvas's entry in the course menu."""
        me, here = person_in(world, course, person)
        options = chosen_options(sandbox)
        return render_template(
            "sandbox/whole_page.html",
            **around(world, me, here),
            link=world.link(link),
            query=as_query(options),
        )

    @pages.get("/as/<person>/launch/<link>")
    def launch(person: str, link: str) -> ResponseReturnValue:
        """Third-party initiated login (OpenID Connect Core, section 4), by a form that sends itself."""
        options = chosen_options(sandbox)
        launch, fields = sandbox.begin_launch(person, link, options)
        page = render_template(
            "sandbox/form_post.html",
            url=launch.registration.login_url,
            method=options.login.lower(),
            fields=fields,
        )
        return page, {"Cache-Control": "no-store"}

    @pages.get("/statements")
    def statements_page() -> str:
        me = world.people.get(request.args.get("as", ""))
        return render_template("sandbox/statements.html", me=me)

    @pages.get("/statements.json")
    def statements_read() -> ResponseReturnValue:
        reading = statements.read(sandbox.config, profile, world, sandbox.http, actors)
        answer = jsonify(reading.as_json())
        answer.headers["Cache-Control"] = "no-cache"
        answer.add_etag()
        return answer.make_conditional(request)

    @pages.post("/keys")
    def rotate() -> ResponseReturnValue:
        """From the developer drawer only."""
        refuse_other_sites()
        sandbox.rotate_keys(keep_old=request.form.get("old") == "keep")
        back = request.form.get("back", "/")
        return redirect(back if back.startswith("/") and not back.startswith("//") else "/")

    @pages.get("/return")
    def returned() -> str:
        """Where the tool's own way back leads (launch_presentation.return_url)."""
        link = world.links.get(request.args.get("link", ""))
        return render_template(
            "sandbox/returned.html",
            link=link,
            message=request.args.get("lti_msg", ""),
            error=request.args.get("lti_errormsg", ""),
        )

    @pages.get("/post_message_forwarding")
    def storage_frame() -> ResponseReturnValue:
        """The hidden frame that keeps data for tools under the origin of the authorization endpoint."""
        if not profile.storage_target:
            abort(404)
        return render_template("sandbox/storage_frame.html")

    @pages.get("/assets/<path:name>")
    def asset(name: str) -> Response:
        return send_from_directory(templates_folder() / "sandbox" / "assets", name)

    return pages


def role_word(world: World, person: Person, course: Course | None) -> str:
    """What somebody is: in this course, or in any, the most telling role first."""
    words = {
        Role.INSTRUCTOR: _("Instructor"),
        Role.ASSISTANT: _("Teaching assistant"),
        Role.DESIGNER: _("Course designer"),
        Role.OBSERVER: _("Observer"),
        Role.LEARNER: _("Learner"),
    }
    if person.administrator:
        return _("Administrator")
    if person.test_student:
        return _("Test student")
    held = {world.role_of(person, course)} if course else world.roles_of(person)
    return next((word for role, word in words.items() if role in held), "")


def _groups_of_variations() -> list[tuple[str, list[Any]]]:
    return [
        (_("Valid launches"), list(VALID_LAUNCHES.values())),
        (_("Known bad payloads"), list(BAD_PAYLOADS.values())),
        (_("Beyond the guide"), list(BEYOND.values())),
    ]
