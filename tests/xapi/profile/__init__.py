"""Tests of the published profile, and of the check against it."""
