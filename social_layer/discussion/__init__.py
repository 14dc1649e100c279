"""Entries: what people write to each other, in threads."""
