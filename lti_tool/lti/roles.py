"""From the role names of the LIS vocabulary (LTI core, appendix A.2) to what somebody may do in a panel.

Context roles decide. Those of institution and system are a supplement for who has none: an administrator who looks
into any course. So a dean who is enrolled as a learner is a learner here, and a teacher of the institution without a
role in this course gets no teacher's rights over it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from social_layer.people.models import Role

# …/lis/v2/membership#Instructor, …/lis/v2/membership/Instructor#TeachingAssistant (context),
# …/lis/v2/institution/person#Student, …/lis/v2/system/person#SysAdmin, …/lti/system/person#TestUser.
_NAME = re.compile(
    r"https?://purl\.imsglobal\.org/vocab/(?:lis/v2|lti)/"
    r"(?P<scope>membership|institution/person|system/person)(?:/(?P<main>[A-Za-z-]+))?#(?P<last>[A-Za-z-]+)"
)
# The names of LTI 1.1, which some platforms still send along: urn:lti:role:ims/lis/Instructor/TeachingAssistant.
_OLD_NAME = re.compile(
    r"urn:lti:(?P<scope>role|instrole|sysrole):ims/lis/(?P<main>[A-Za-z]+)(?:/(?P<last>[A-Za-z]+))?"
)
_SCOPES = {
    "membership": "context",
    "institution/person": "institution",
    "system/person": "system",
    "role": "context",
    "instrole": "institution",
    "sysrole": "system",
}

_IN_CONTEXT = {
    "Administrator": Role.administrator,
    "Instructor": Role.instructor,
    "ContentDeveloper": Role.designer,
    # Managers of a course oversee it; setting up panels stays with who teaches it.
    "Manager": Role.assistant,
    "Learner": Role.learner,
    "Mentor": Role.observer,
}
# Sub-roles that mean less than their principal role.
_IN_CONTEXT_SUB = {
    ("Instructor", "TeachingAssistant"): Role.assistant,
    ("Instructor", "TeachingAssistantGroup"): Role.assistant,
    ("Instructor", "TeachingAssistantOffering"): Role.assistant,
    ("Instructor", "TeachingAssistantSection"): Role.assistant,
    ("Instructor", "TeachingAssistantSectionAssociation"): Role.assistant,
    ("Instructor", "TeachingAssistantTemplate"): Role.assistant,
    ("Instructor", "Grader"): Role.assistant,
    ("Manager", "Observer"): Role.observer,
    ("Manager", "ExternalObserver"): Role.observer,
}
_WITHOUT_CONTEXT = {
    ("institution", "Administrator"): Role.administrator,
    ("system", "Administrator"): Role.administrator,
    ("system", "SysAdmin"): Role.administrator,
    ("system", "AccountAdmin"): Role.administrator,
    ("institution", "Observer"): Role.observer,
    ("institution", "Mentor"): Role.observer,
}
_BY_RIGHTS = list(Role)


@dataclass(frozen=True, slots=True)
class Standing:
    """What somebody is here. `is_test`: the LMS's own test student, who leaves no trace in records.

    `from_outside`: has rights over the institution or the LMS, and so may look in without being in the course.
    """

    role: Role
    is_test: bool = False
    from_outside: bool = False


@dataclass(frozen=True, slots=True)
class _Name:
    scope: str
    main: str
    sub: str | None = None


def standing_of(names: Sequence[str]) -> Standing:
    """The role with the most rights among the context roles; else an administrator's or observer's; else learner."""
    found = [name for name in map(_parse, names) if name]
    is_test = any(name.scope == "system" and name.main == "TestUser" for name in found)
    beyond = [
        _WITHOUT_CONTEXT[name.scope, name.main]
        for name in found
        if (name.scope, name.main) in _WITHOUT_CONTEXT
    ]
    in_context = _in_context([name for name in found if name.scope == "context"])
    if in_context:
        role = min(in_context, key=_BY_RIGHTS.index)
    elif any(name.scope == "context" for name in found):
        # A role in this course, but not one known to us: never more than a learner.
        role = Role.learner
    else:
        role = min(beyond, key=_BY_RIGHTS.index, default=Role.learner)
    return Standing(role, is_test, from_outside=bool(beyond))


def _in_context(names: list[_Name]) -> set[Role]:
    return {_one_role(main, names) for main in {name.main for name in names} if main in _IN_CONTEXT}


def _one_role(main: str, names: list[_Name]) -> Role:
    """A sub-role qualifies the principal role that is sent along with it: Canvas's assistants come as Instructor and
    Instructor#TeachingAssistant. It lessens it unless another sub-role says otherwise."""
    subs = {name.sub for name in names if name.main == main and name.sub}
    lesser = [_IN_CONTEXT_SUB[main, sub] for sub in subs if (main, sub) in _IN_CONTEXT_SUB]
    if lesser and len(lesser) == len(subs):
        return min(lesser, key=_BY_RIGHTS.index)
    return _IN_CONTEXT[main]


def _parse(name: str) -> _Name | None:
    if found := _NAME.fullmatch(name):
        main, last = found["main"], found["last"]
        return _Name(_SCOPES[found["scope"]], main or last, last if main else None)
    if found := _OLD_NAME.fullmatch(name):
        return _Name(_SCOPES[found["scope"]], found["main"], found["last"])
    # Short names are context roles (LTI core, A.2.3; discouraged, yet met).
    return _Name("context", name) if name.isalpha() else None
