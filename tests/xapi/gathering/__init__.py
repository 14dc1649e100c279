"""Gathering statements into columns, and what formal results they tell."""
