"""Tests of the sandbox LMS: it must be stricter than the tool, or the tool's own tests prove nothing."""
