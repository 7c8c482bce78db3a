"""W3C Trace Context (Recommendation of 2021): by which is found again what a request caused."""

import re

_FORM = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
_REQUEST = re.compile(r"[\x21-\x7e]{1,100}")


def read_traceparent(text: str | None) -> str:
    """`text` if it is a `traceparent`; else nothing: the specification wants a wrong one to be passed over."""
    found = _FORM.fullmatch(text or "")
    if found is None:
        return ""
    version, trace, parent = found.groups()
    return found[0] if version != "ff" and int(trace, 16) and int(parent, 16) else ""


def is_sampled(traceparent: str) -> bool:
    """Whether whoever began the trace records it."""
    return bool(traceparent) and bool(int(traceparent[-2:], 16) & 1)


def read_request_id(text: str | None) -> str:
    """`text` if it is 1 to 100 visible ASCII characters; else nothing."""
    return text if text and _REQUEST.fullmatch(text) else ""
