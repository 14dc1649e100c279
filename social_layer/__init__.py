"""The domain: people, panels, entries and reflections, without any web framework or protocol."""
