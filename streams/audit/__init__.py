"""The audit: the store, the topics and the views are compared again and again, and differences reported."""
