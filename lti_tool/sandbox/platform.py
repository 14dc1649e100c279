"""The platform itself: one object that holds the world, the keys and every launch on its way, behind one lock.

Tests use it without a browser: `login_params`, `launch_token`, `add_user`, `add_members`, `add_course`, `add_link`,
`suspend`, `copy_course`, `set_grade`, `begin_review`, `rotate_keys`, and its parts `desk` (dynamic registration),
`deep_links`, `gradebook`, `notices`, `door` (calls of services so far, and bad weather).
"""

import dataclasses
import random
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import requests

from lti_tool.sandbox import content, copies, crowd, state
from lti_tool.sandbox.canvas import Canvas
from lti_tool.sandbox.config import SandboxConfig
from lti_tool.sandbox.deep_linking import DeepLinks
from lti_tool.sandbox.dynamic_registration import Desk
from lti_tool.sandbox.gradebook import Grade, Gradebook, LineItem
from lti_tool.sandbox.grants import Grants
from lti_tool.sandbox.launches import HINT_LIFE, SUBMISSION_REVIEW, Launch, LaunchOptions
from lti_tool.sandbox.moodle import Moodle
from lti_tool.sandbox.payloads import EVERY, VALID_LAUNCHES, Variation
from lti_tool.sandbox.profiles import Profile
from lti_tool.sandbox.registrations import Registration
from lti_tool.sandbox.services.door import Door
from lti_tool.sandbox.services.notices import Notices
from lti_tool.sandbox.tokens import Answer, Draft, KeyRing
from lti_tool.sandbox.world import Course, Lesson, Link, Person, Role, Unknown, World

PROFILES: dict[str, type[Profile]] = {"moodle": Moodle, "canvas": Canvas}

AT_MOST_EVERY = timedelta(seconds=2)

Named = str | Person
"""A person, or the person's key or sub."""


class Sandbox:
    def __init__(
        self, config: SandboxConfig, http: requests.Session | None = None, keys: KeyRing | None = None
    ) -> None:
        self.config = config
        self.profile = PROFILES[config.profile](config)
        self.http = http or requests.Session()
        self.randomness = random.SystemRandom() if config.seed is None else random.Random(config.seed)  # noqa: S311
        self.lock = threading.RLock()
        self._saved_at = config.clock()
        self.world = World()
        self._launches: dict[str, Launch] = {}
        self._answers: dict[str, Answer] = {}
        stored = state.kept_before(config.state_file, config.profile)
        kept = KeyRing.from_state(stored["keys"]) if stored.get("keys") else None
        self.keys = keys or kept or KeyRing()
        self.registration = Registration(
            config.client_id or stored.get("client_id") or self.profile.new_client_id(self.randomness),
            config.deployment_id
            or stored.get("deployment_id")
            or self.profile.new_deployment_id(self.randomness),
            login_url=config.tool_login_url,
            launch_urls=config.tool_launch_urls,
            jwks_url=config.tool_jwks_url,
            target_link_uri=config.target_link_uri or config.tool_launch_urls[0],
            deep_linking_url=config.target_link_uri or config.tool_launch_urls[0],
            scopes=self.profile.scopes,
        )
        self.tools: dict[str, Registration] = {self.registration.client_id: self.registration}
        """Every tool by its client id; the first is the one the platform started with."""
        for each in stored.get("registrations", []):
            kept_tool = Registration.from_state(each)
            self.tools.setdefault(kept_tool.client_id, kept_tool)
        self.grants = Grants(config, self.tools, self.http, self.randomness)
        self.gradebook = Gradebook()
        self.door = Door()
        self.deep_links = DeepLinks(self)
        self.desk = Desk(self)
        self.notices = Notices(self)
        if not state.restored(self, stored.get("world")):
            content.furnish(self)
        self.save()

    # The world.

    def add_user(
        self,
        key: str,
        given_name: str,
        family_name: str,
        *,
        email: str | None = None,
        sub: str = "",
        username: str = "",
        sourced_id: str = "",
        about: str = "",
        administrator: bool = False,
        test_student: bool = False,
        extra: bool = False,
        courses: Mapping[str, Role | str] | None = None,
    ) -> Person:
        """A person, enrolled in `courses` (course key → role). A key used before raises ValueError."""
        with self.lock:
            if key in self.world.people:
                raise ValueError(f"there is a person {key!r} already")
            person = Person(
                key=key,
                sub=sub or self.profile.person_sub(len(self.world.people) + 1, key),
                given_name=given_name,
                family_name=family_name,
                email=f"{key}@fernhill.example" if email is None else email,
                username=username or key,
                sourced_id=sourced_id,
                about=about,
                administrator=administrator,
                test_student=test_student,
                extra=extra,
            )
            self.world.add_person(person)
            for course, role in (courses or {}).items():
                self.enrol(person, course, role)
            return person

    def add_course(
        self,
        key: str,
        title: str,
        *,
        label: str = "",
        id: str = "",  # noqa: A002  (the claim's own name)
        summary: str = "",
        accent: str = "green",
        history: tuple[str, ...] = (),
        lessons: tuple[Lesson, ...] = (),
        members: Mapping[str, Role | str] | None = None,
    ) -> Course:
        """A course; without lessons of its own, one page shows all its links."""
        with self.lock:
            if key in self.world.courses:
                raise ValueError(f"there is a course {key!r} already")
            course = Course(
                key=key,
                id=id or self.profile.context_id(len(self.world.courses) + 1, key),
                title=title,
                label=label or key.upper(),
                summary=summary,
                accent=accent,
                history=history,
                lessons=lessons,
            )
            self.world.courses[key] = course
            for person, role in (members or {}).items():
                self.enrol(person, key, role)
            return course

    def add_link(
        self,
        key: str,
        course: str,
        title: str,
        *,
        description: str = "",
        custom: Mapping[str, str] | None = None,
        id: str = "",  # noqa: A002
        target_link_uri: str = "",
        placement: str = "",
        client_id: str = "",
        **more: Any,
    ) -> Link:
        """A resource link in a course; variables in `custom` are filled in at each launch. `more`: fields of Link."""
        with self.lock:
            if key in self.world.links:
                raise ValueError(f"there is a link {key!r} already")
            of = self.world.course(course)
            link = Link(
                key=key,
                id=id or self.profile.link_id(len(self.world.links) + 1, key, of.id, placement),
                course=of.key,
                title=title,
                description=description,
                custom=dict(custom or {}),
                target_link_uri=target_link_uri,
                placement=placement,
                client_id=client_id,
                **more,
            )
            self.world.links[key] = link
            return link

    def copy_course(self, course: str, key: str, title: str = "") -> Course:
        """A restored backup or an import: new ids, the same activities, empty. Tools that asked are told."""
        with self.lock:
            source = self.world.course(course)
            copied = copies.copy_course(self, source, key, title or f"{source.title} (copy)")
        # Outside the lock: the tool may ask for our keys before it answers.
        self.notices.tell_copied(source, copied)
        return copied

    def duplicate(self, link: str) -> Link:
        """Another of the same activity in the same course, as Moodle makes it."""
        with self.lock:
            of = self.world.link(link)
            return copies.copy_link(self, of, self.world.courses[of.course], f"{of.title} (copy)")

    def reset_course(self, course: str) -> None:
        """The same ids for a new term: learners, their groups and their grades are gone."""
        with self.lock:
            copies.reset_course(self, self.world.course(course))

    def set_groups(self, person: Named, course: str, *groups: str) -> None:
        with self.lock:
            self.world.course(course).groups[self._person(person).key] = groups

    def enrol(self, person: Named, course: str, role: Role | str) -> None:
        with self.lock:
            self.world.course(course).members[self._person(person).key] = Role(role)
            self.save_soon()

    def add_members(self, course: str, count: int, role: Role | str = Role.LEARNER) -> list[Person]:
        """Many people at once, for long rosters; they stand in no menu."""
        key = self.world.course(course).key
        return [crowd.add_one(self, key, role) for _ in range(count)]

    def suspend(self, person: Named, course: str, shown_as: str = "") -> None:
        """No way in for now. Names and Roles leaves the person out, or shows a status such as `Inactive`."""
        with self.lock:
            self.world.course(course).suspended[self._person(person).key] = shown_as

    def readmit(self, person: Named, course: str) -> None:
        with self.lock:
            self.world.course(course).suspended.pop(self._person(person).key, None)

    def remove(self, person: Named, course: str) -> None:
        """Out of the course, with their groups."""
        with self.lock:
            here, key = self.world.course(course), self._person(person).key
            for held in (here.members, here.suspended, here.groups):
                held.pop(key, None)

    def _person(self, named: Named) -> Person:
        return named if isinstance(named, Person) else self.world.person(named)

    # Keys.

    def rotate_keys(self, keep_old: bool = True) -> str:
        """The kid of the new key. Tokens signed before stay verifiable when the old keys are kept."""
        with self.lock:
            self.keys.rotate(keep_old)
            self.save()
            return str(self.keys.current.kid)

    # Launches.

    def begin_launch(
        self, user: Named, link: str | Link, options: LaunchOptions | None = None, **more: Any
    ) -> tuple[Launch, dict[str, str]]:
        """A launch and the parameters of its login initiation; `more` are fields of Launch. Raises Unknown."""
        with self.lock:
            person = self._person(user)
            place = link if isinstance(link, Link) else self.world.link(link)
            options = options or self.default_options()
            variation = _variation(options.variation)
            course = self.world.courses[place.course]
            if not self.world.may_enter(person, course):
                raise Unknown(f"{person.name} is not enrolled in {course.title}")
            tool = self.tool_of(place)
            now = self.config.clock()
            self._forget_old_launches(now)
            launch = Launch(
                self.profile.new_launch_id(self.randomness), person, course, place, now, tool, options, **more
            )
            self._launches[launch.id] = launch
        params = {
            "iss": self.profile.issuer,
            "target_link_uri": self.profile.target_of(launch),
            "login_hint": person.sub,
            "lti_message_hint": self.profile.message_hint(launch),
            "client_id": tool.client_id,
            "lti_deployment_id": tool.deployment_id,
        }
        if self.profile.storage_target:
            params["lti_storage_target"] = self.profile.storage_target
        return launch, params | variation.login

    def tool_of(self, link: Link) -> Registration:
        """The tool a link opens. Raises Unknown when it was removed, or waits for its activation."""
        tool = self.tools.get(link.client_id or self.registration.client_id)
        if tool is None or not tool.active:
            raise Unknown(f"The tool of {link.title!r} is not active in this LMS")
        return tool

    def begin_review(
        self, user: Named, item: LineItem, learner: Named, options: LaunchOptions | None = None
    ) -> tuple[Launch, dict[str, str]]:
        """A submission review launch (LTI-AGS 2.0, section 3.1.8) of the line item's link. Raises Unknown."""
        review = item.submission_review
        if review is None:
            raise Unknown(f"The tool offers no review of {item.label!r}")
        return self.begin_launch(
            user,
            item.link,
            options,
            message=SUBMISSION_REVIEW,
            target_link_uri=review.get("url", ""),
            custom=review.get("custom", {}),
            for_user=self._person(learner),
            line_item=item,
        )

    def set_grade(self, item: LineItem, learner: Named, score: float | None, comment: str = "") -> Grade:
        """A grade that a teacher gives in the LMS itself."""
        with self.lock:
            key = self._person(learner).key
            return self.gradebook.set_by_teacher(item, key, score, comment, self.config.clock())

    def login_params(
        self, user: Named, link: str | Link, options: LaunchOptions | None = None
    ) -> dict[str, str]:
        """What a course page sends to the tool's login URL; its hint is good for one answer."""
        return self.begin_launch(user, link, options)[1]

    def default_options(self) -> LaunchOptions:
        config = self.config
        return LaunchOptions(
            names=config.release_names, email=config.release_email, login=config.login_method
        )

    def spend(self, message_hint: str) -> Launch | None:
        """The launch of a hint, once. None when the hint is unknown, used, or older than HINT_LIFE."""
        with self.lock:
            launch = self._launches.get(self.profile.launch_id_of(message_hint) or "")
            if launch is None or launch.spent or self.config.clock() - launch.begun_at > HINT_LIFE:
                return None
            launch.spent = True
            return launch

    def answer(self, launch: Launch, nonce: str, state: str) -> dict[str, str]:
        """The fields of the form posted to the tool. Raises NothingToReplay."""
        with self.lock:
            role = self.world.role_of(launch.person, launch.course)
            launch.line_item = launch.line_item or self.gradebook.sole_item_of(launch.link.key)
            claims = self.profile.token_claims(launch, role, nonce, self.config.clock())
            person = launch.person.key
            draft = Draft(
                claims=claims,
                header=self.keys.header(),
                state=state,
                earlier=self._answers.get(person),
                stranger=next((a for who, a in reversed(self._answers.items()) if who != person), None),
            )
            variation = _variation(launch.options.variation)
            altered = variation.apply(draft)
            token = self.keys.sign(altered)
            if variation is VALID_LAUNCHES["launch"]:
                # Taken out first, so that the newest always stands last.
                self._answers.pop(person, None)
                self._answers[person] = Answer(token, state, nonce, person)
        fields = {"id_token": token, "state": altered.state}
        if self.profile.storage_target:
            fields["lti_storage_target"] = self.profile.storage_target
        return fields

    def launch_token(
        self,
        user: Named,
        link: str | Link,
        nonce: str,
        variation: str = "",
        state: str = "",
        **options: Any,
    ) -> str:
        """A signed id_token without the way through the browser; `options` are fields of LaunchOptions."""
        chosen = dataclasses.replace(self.default_options(), variation=variation, **options)
        launch, _ = self.begin_launch(user, link, chosen)
        launch.spent = True
        return self.answer(launch, nonce, state)["id_token"]

    def _forget_old_launches(self, now: datetime) -> None:
        for launch_id in [i for i, launch in self._launches.items() if now - launch.begun_at > HINT_LIFE]:
            del self._launches[launch_id]

    def save(self) -> None:
        """Keep everything for the next start, where a file to keep it in was named."""
        if self.config.state_file is None:
            return
        with self.lock:
            self._saved_at = self.config.clock()
            state.keep(self.config.state_file, state.everything(self))

    def save_soon(self) -> None:
        """Like `save`, but not for each of many small changes: the last ones are kept when it stops."""
        if self.config.clock() - self._saved_at >= AT_MOST_EVERY:
            self.save()


def _variation(name: str) -> Variation:
    try:
        return EVERY[name or "launch"]
    except KeyError:
        raise Unknown(f"No variation {name!r}") from None
