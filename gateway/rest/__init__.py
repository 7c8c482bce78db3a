"""The REST calls, one router a subject."""
