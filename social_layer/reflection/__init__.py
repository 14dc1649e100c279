"""Reflection: private until its author shares it, one step at a time."""
