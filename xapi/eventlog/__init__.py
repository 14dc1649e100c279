"""The event log as analysts get it: its columns, its rows as far as they may leave, and the files with them."""
