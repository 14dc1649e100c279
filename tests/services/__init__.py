"""The real parts that tests run against: PostgreSQL, Redis, the Learning Locker engine, Chromium, an xAPI validator."""
