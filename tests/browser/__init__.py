"""The pages in a real browser, inside a course of another site."""
