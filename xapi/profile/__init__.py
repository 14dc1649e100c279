"""The published xAPI profile: what is emitted, the document that describes it, and the check against it."""
