"""The benchmarks: each prints one JSON object a line. Nothing here is timed in the tests."""
