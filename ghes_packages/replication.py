"""Replication."""
RULE_ID = "everything"
