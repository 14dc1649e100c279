"""Alongside at the edge: the LTI 1.3 tool, its pages, JSON API, command line, worker and sandbox LMS."""
