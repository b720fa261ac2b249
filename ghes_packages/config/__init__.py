"""What an operator configures: `instances.toml`, its options, and what they may hold."""
