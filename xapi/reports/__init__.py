"""Reports made from an LRS alone: they need neither the tool's database nor its settings."""
