"""`python -m bench [NAME …]`: run the named benchmarks, or all of them."""

import asyncio
import importlib
import sys

GATEWAY = ("fanout", "idle", "storm", "conformance", "readers")
NAMES = (
    "append",
    "rebuild",
    "relay",
    "start",
    "audit",
    "expiry",
    "chat",
    "plain",
    "match",
    "rank",
    "log",
    *GATEWAY,
)


def main() -> None:
    chosen = sys.argv[1:] or NAMES
    unknown = [name for name in chosen if name not in NAMES]
    if unknown:
        sys.exit(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(NAMES)}")
    for name in chosen:
        asyncio.run(importlib.import_module(f"bench.{name}").main())


if __name__ == "__main__":
    main()
