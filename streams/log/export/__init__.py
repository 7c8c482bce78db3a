"""The log as immutable Parquet segments, each of a fixed range of positions, with a manifest beside them."""
