"""Tests of the domain, on SQLite and PostgreSQL."""
