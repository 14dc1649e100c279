"""Tests: what leaves, under which name, and how it is taken back."""
