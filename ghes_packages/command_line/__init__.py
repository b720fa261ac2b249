"""What the commands in `cli` have in common: their options, completion, and how they answer."""
