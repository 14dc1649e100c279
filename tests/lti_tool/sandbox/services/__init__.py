"""Tests of the platform's services, beside what was recorded from a running Moodle."""
