"""Formal records in the tool: gathering on a schedule, joining, importing, forgetting."""
