"""Tests of the way from the log to the LRSs."""
