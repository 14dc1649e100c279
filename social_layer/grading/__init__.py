"""Grading: what a panel asks of its learners, what they have done of it, and what staff make of that."""
