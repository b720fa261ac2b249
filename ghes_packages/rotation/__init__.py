"""The rotation of an access key: its steps, and how they are written into `instances.toml`."""
