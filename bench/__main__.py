"""`python -m bench [NAME …]`: run the named benchmarks, or all of them."""

import asyncio
import importlib
import json
import sys
import traceback

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
    failed = [name for name in chosen if not _ran(name)]
    if failed:
        sys.exit(f"without a figure: {', '.join(failed)}")


def _ran(name: str) -> bool:
    """One that fails says so in its line, and the next is run all the same."""
    try:
        asyncio.run(importlib.import_module(f"bench.{name}").main())
    except (Exception, SystemExit) as error:
        traceback.print_exc()
        print(json.dumps({"benchmark": name, "failed": f"{type(error).__name__}: {error}"}), flush=True)
        return False
    return True


if __name__ == "__main__":
    main()
