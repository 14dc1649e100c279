"""Terms: a course begins anew in the same place, and what was written before is archived."""
