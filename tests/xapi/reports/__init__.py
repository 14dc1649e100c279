"""Tests of the reports that are made from an LRS alone."""
