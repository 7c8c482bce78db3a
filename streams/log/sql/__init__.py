"""SQL over an export, with DuckDB: views of what happened, and ready queries, each a file with a description."""
