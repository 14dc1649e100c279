"""The grade book's pages: people and line items in a table, one grade with its form, the way to a review."""

import math

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lti_tool.sandbox.gradebook import LineItem
from lti_tool.sandbox.platform import Sandbox
from lti_tool.sandbox.surroundings import around, person_in, refuse_other_sites
from lti_tool.sandbox.world import Course, Person, Role, Unknown

PAGE = 50


def blueprint(sandbox: Sandbox) -> Blueprint:
    pages = Blueprint("grades", __name__)
    world, book = sandbox.world, sandbox.gradebook

    def item_of(here: Course, number: int) -> LineItem:
        item = book.items.get(number)
        if item is None or item.course != here.key:
            raise Unknown(f"No line item {number} in {here.title}")
        return item

    @pages.get("/as/<person>/courses/<course>/grades", endpoint="book")
    def table(person: str, course: str) -> str:
        me, here = person_in(world, course, person)
        learners = [world.people[key] for key, role in here.members.items() if role is Role.LEARNER]
        if not world.may_grade(me, here):
            # Everybody else sees their own grades only.
            learners = [each for each in learners if each is me]
        page = max(request.args.get("page", 1, type=int), 1)
        shown = learners[(page - 1) * PAGE : page * PAGE]
        return render_template(
            "sandbox/grades.html",
            **around(world, me, here),
            grading=True,
            items=book.items_of(here.key),
            learners=shown,
            grade=lambda item, learner: book.grade(item, learner.key),
            page=page,
            pages=max(math.ceil(len(learners) / PAGE), 1),
        )

    @pages.get("/as/<person>/courses/<course>/grades/<int:number>/<learner>")
    def one(person: str, course: str, number: int, learner: str) -> str:
        me, here, item, whose = graded(person, course, number, learner)
        return render_template(
            "sandbox/grade.html",
            **around(world, me, here),
            grading=True,
            item=item,
            learner=whose,
            given=book.grade(item, whose.key),
            reviewable=book.is_reviewable(item, whose.key),
            review="review" in request.args,
        )

    @pages.post("/as/<person>/courses/<course>/grades/<int:number>/<learner>")
    def give(person: str, course: str, number: int, learner: str) -> ResponseReturnValue:
        me, here, item, whose = graded(person, course, number, learner)
        refuse_other_sites()
        points = request.form.get("points", "").strip()
        try:
            score = float(points) if points else None
        except ValueError:
            abort(400)
        if score is not None and not 0 <= score <= item.score_maximum:
            abort(400)
        sandbox.set_grade(item, whose, score, request.form.get("comment", "").strip())
        return redirect(url_for(".book", person=me.key, course=here.key))

    @pages.get("/as/<person>/courses/<course>/review/<int:number>/<learner>")
    def review(person: str, course: str, number: int, learner: str) -> ResponseReturnValue:
        """The submission review launch, by a form that sends itself."""
        me, here, item, whose = graded(person, course, number, learner)
        if not book.is_reviewable(item, whose.key):
            raise Unknown(f"Nothing of {whose.name} to review in {here.title}")
        launch, fields = sandbox.begin_review(me, item, whose)
        page = render_template(
            "sandbox/form_post.html",
            url=launch.registration.login_url,
            method=sandbox.config.login_method.lower(),
            fields=fields,
        )
        return page, {"Cache-Control": "no-store"}

    def graded(
        person: str, course: str, number: int, learner: str
    ) -> tuple[Person, Course, LineItem, Person]:
        me, here = person_in(world, course, person)
        if not world.may_grade(me, here):
            raise Unknown(f"{me.name} does not grade in {here.title}")
        whose = world.person(learner)
        if here.members.get(whose.key) is not Role.LEARNER:
            raise Unknown(f"{whose.name} does not learn in {here.title}")
        return me, here, item_of(here, number), whose

    return pages
