"""People, their accounts and voices, and the courses that they are in."""
