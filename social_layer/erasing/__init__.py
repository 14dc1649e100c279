"""Removing a person: what they wrote and what is known of them."""
