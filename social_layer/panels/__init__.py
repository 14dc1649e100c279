"""Panels: one social space at one place in a course, set up from versioned templates."""
