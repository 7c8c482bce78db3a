"""Webhooks: the events an operator's partners chose, sent to them over HTTP, signed, in order per key, at least once."""
