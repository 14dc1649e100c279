"""How launches end is counted, by the code that the person saw."""

from tests.lti_tool.lti.launching import Course


def test_launches_are_counted_by_how_they_ended(course: Course) -> None:
    course.launch("maya")
    course.launch("jonas")
    course.launch("maya", variation="expired")
    course.launch("maya", variation="alg_none")
    course.browser().post("/lti/login", {})
    course.browser().get("/lti/jwks.json")
    told = course.app.test_client().get("/metrics").text
    launches = {line for line in told.splitlines() if line.startswith("alongside_launches_total")}
    assert launches == {
        'alongside_launches_total{outcome="launched"} 2.0',
        'alongside_launches_total{outcome="id_token_expired"} 1.0',
        'alongside_launches_total{outcome="algorithm_wrong"} 1.0',
        'alongside_launches_total{outcome="login_incomplete"} 1.0',
    }
