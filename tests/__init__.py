"""Tests of Alongside; the folders mirror the code."""
