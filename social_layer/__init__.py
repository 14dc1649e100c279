"""The domain: people, panels, entries and what happened to them. Knows neither the web nor any protocol."""
