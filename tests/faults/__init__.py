"""Tests of what goes wrong: processes killed, LRSs that are down, slow, hanging or wrong."""
