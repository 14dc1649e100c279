"""Formal records: LRSs read back on a schedule, and what ties their people and activities to ours."""
