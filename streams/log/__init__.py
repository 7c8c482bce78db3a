"""The log for analysts: read, exported, replayed, asked with SQL, and seen as it stood at any moment."""
