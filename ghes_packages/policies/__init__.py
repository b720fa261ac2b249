"""The seven actions, and every policy statement that this project writes, expects or reads."""
