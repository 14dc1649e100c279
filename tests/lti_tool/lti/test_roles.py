"""What the names of the LIS vocabulary let somebody do in a panel."""

import pytest

from lti_tool.lti.roles import Standing, standing_of
from social_layer.people.models import Role

LIS = "http://purl.imsglobal.org/vocab/lis/v2"
CONTEXT, INSTITUTION, SYSTEM = f"{LIS}/membership", f"{LIS}/institution/person", f"{LIS}/system/person"
TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"


@pytest.mark.parametrize(
    ("names", "role"),
    [
        ([], "learner"),
        ([f"{CONTEXT}#Learner"], "learner"),
        ([f"{CONTEXT}#Instructor"], "instructor"),
        ([f"{CONTEXT}#Administrator"], "administrator"),
        ([f"{CONTEXT}#ContentDeveloper"], "designer"),
        ([f"{CONTEXT}#Mentor"], "observer"),
        ([f"{CONTEXT}#Manager"], "assistant"),
        ([f"{CONTEXT}#Member"], "learner"),
        (["Instructor"], "instructor"),
        (["Mentor"], "observer"),
        (["Janitor"], "learner"),
        (["urn:lti:role:ims/lis/Instructor"], "instructor"),
        (["urn:lti:role:ims/lis/Instructor/TeachingAssistant"], "assistant"),
        (["https://lms.example/roles#Instructor"], "learner"),
        ([f"{LIS}/unknown/unknown#Helper"], "learner"),
        # Several: the one with the most rights.
        ([f"{CONTEXT}#Learner", f"{CONTEXT}#Instructor"], "instructor"),
        ([f"{CONTEXT}#Mentor", f"{CONTEXT}#Learner"], "learner"),
        ([f"{CONTEXT}#ContentDeveloper", f"{CONTEXT}/Instructor#TeachingAssistant"], "designer"),
        # Canvas's teaching assistant, and somebody who teaches all the same.
        ([f"{CONTEXT}#Instructor", f"{CONTEXT}/Instructor#TeachingAssistant"], "assistant"),
        (
            [
                f"{CONTEXT}#Instructor",
                f"{CONTEXT}/Instructor#TeachingAssistant",
                f"{CONTEXT}/Instructor#PrimaryInstructor",
            ],
            "instructor",
        ),
        ([f"{CONTEXT}/Instructor#Lecturer"], "instructor"),
        ([f"{CONTEXT}/Manager#ExternalObserver"], "observer"),
        # The institution's roles never decide against those of the context.
        ([f"{CONTEXT}#Instructor", f"{INSTITUTION}#Administrator", f"{SYSTEM}#Administrator"], "instructor"),
        ([f"{CONTEXT}#Learner", f"{INSTITUTION}#Administrator"], "learner"),
        ([f"{CONTEXT}#Member", f"{SYSTEM}#SysAdmin"], "learner"),
        ([f"{CONTEXT}#Instructor", f"{INSTITUTION}#Student"], "instructor"),
        # Without any in the context, only administrators and observers are more than learners.
        ([f"{INSTITUTION}#Administrator"], "administrator"),
        ([f"{SYSTEM}#SysAdmin", "https://lms.example/roles#root"], "administrator"),
        ([f"{INSTITUTION}#Instructor", f"{INSTITUTION}#Faculty"], "learner"),
        ([f"{INSTITUTION}#Observer"], "observer"),
        ([f"{SYSTEM}#User"], "learner"),
    ],
)
def test_context_roles_decide(names: list[str], role: str) -> None:
    assert standing_of(names).role == Role(role)


def test_the_test_student_is_marked() -> None:
    assert standing_of([f"{CONTEXT}#Learner", TEST_USER]) == Standing(Role.learner, is_test=True)
    assert standing_of([TEST_USER]) == Standing(Role.learner, is_test=True)


@pytest.mark.parametrize(
    ("names", "outside"),
    [
        ([f"{CONTEXT}#Instructor"], False),
        ([f"{CONTEXT}#Administrator"], False),
        # Moodle's site administrator, who is in no course.
        ([f"{INSTITUTION}#Administrator", f"{SYSTEM}#Administrator", f"{CONTEXT}#Instructor"], True),
        ([f"{SYSTEM}#SysAdmin"], True),
        ([f"{INSTITUTION}#Student", f"{CONTEXT}#Learner"], False),
    ],
)
def test_who_has_rights_over_the_institution_may_look_in_from_outside(
    names: list[str], outside: bool
) -> None:
    assert standing_of(names).from_outside is outside
