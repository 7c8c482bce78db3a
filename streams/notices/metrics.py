"""What the notifier counts for operators."""

from prometheus_client import Counter, Histogram

SENT = Counter("yeon_notices_sent", "Notices that a server took.", ["channel"])
RETRIED = Counter("yeon_notices_retried", "Attempts that failed and are made again.", ["channel"])
PARKED = Counter("yeon_notices_parked", "Notices that were given up.", ["channel"])
SPARED = Counter(
    "yeon_notices_spared", "Notices that were not needed any more when their time came.", ["channel"]
)
UNSUBSCRIBED = Counter("yeon_notices_subscriptions_gone", "Browsers that their push service knew no more.")
SEND_SECONDS = Histogram(
    "yeon_notices_send_seconds", "From the beginning of an attempt to its end.", ["channel"]
)
