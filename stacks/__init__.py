"""Everything that is CDK: one stack holds the storage of one GHES instance."""
