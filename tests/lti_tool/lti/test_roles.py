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


# The whole vocabulary of LTI core, appendix A.2: principal roles of contexts with what each is here, and sub-roles.
PRINCIPAL = {
    "Administrator": "administrator",
    "ContentDeveloper": "designer",
    "Instructor": "instructor",
    "Learner": "learner",
    "Mentor": "observer",
    "Manager": "assistant",
    "Member": "learner",
    "Officer": "learner",
}
SUB_ROLES = {
    "Administrator": "Administrator Developer ExternalDeveloper ExternalSupport ExternalSystemAdministrator Support "
    "SystemAdministrator",
    "ContentDeveloper": "ContentDeveloper ContentExpert ExternalContentExpert Librarian",
    "Instructor": "ExternalInstructor GuestInstructor Lecturer PrimaryInstructor SecondaryInstructor",
    "Learner": "ExternalLearner GuestLearner Instructor Learner NonCreditLearner",
    "Manager": "AreaManager CourseCoordinator Manager",
    "Member": "Member",
    "Mentor": "Advisor Auditor ExternalAdvisor ExternalAuditor ExternalLearningFacilitator ExternalMentor "
    "ExternalReviewer ExternalTutor LearningFacilitator Mentor Reviewer Tutor",
    "Officer": "Chair Communications Secretary Treasurer Vice-Chair",
}
LESSER = {
    "Instructor": (
        "assistant",
        (
            "Grader TeachingAssistant TeachingAssistantGroup TeachingAssistantOffering TeachingAssistantSection "
            "TeachingAssistantSectionAssociation TeachingAssistantTemplate"
        ),
    ),
    "Manager": ("observer", "ExternalObserver Observer"),
}
BEYOND = {
    INSTITUTION: "Administrator Faculty Guest None Other Staff Student Alumni Instructor Learner Member Mentor "
    "Observer ProspectiveStudent",
    SYSTEM: "Administrator None AccountAdmin Creator SysAdmin SysSupport User",
}


@pytest.mark.parametrize("main", PRINCIPAL)
def test_the_whole_vocabulary_of_contexts_is_known(main: str) -> None:
    role = Role(PRINCIPAL[main])
    assert standing_of([f"{CONTEXT}#{main}"]).role == role
    for sub in SUB_ROLES[main].split():
        assert standing_of([f"{CONTEXT}/{main}#{sub}"]).role == role, sub
        # Whoever is something in the course gets no administrator's rights by the institution's roles.
        with_more = [f"{CONTEXT}/{main}#{sub}", f"{SYSTEM}#Administrator"]
        assert standing_of(with_more).role == role, sub
    lesser, subs = LESSER.get(main, ("", ""))
    for sub in subs.split():
        assert standing_of([f"{CONTEXT}/{main}#{sub}"]).role == Role(lesser), sub
        assert standing_of([f"{CONTEXT}#{main}", f"{CONTEXT}/{main}#{sub}"]).role == Role(lesser), sub


def test_roles_of_institution_and_system_are_known_too() -> None:
    of = {"Administrator": "administrator", "SysAdmin": "administrator", "AccountAdmin": "administrator"}
    for scope, names in BEYOND.items():
        for name in names.split():
            expected = of.get(name) or ("observer" if name in ("Observer", "Mentor") else "learner")
            assert standing_of([f"{scope}#{name}"]).role == Role(expected), name
            assert standing_of([f"{CONTEXT}#Learner", f"{scope}#{name}"]).role == Role.learner, name
