"""The services of LTI Advantage as the platform offers them: Names and Roles, Assignment and Grades."""
