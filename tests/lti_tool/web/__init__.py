"""Tests of the panels' pages."""
