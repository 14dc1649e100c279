"""Tests of the bundled LRS."""
