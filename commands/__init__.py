"""What may happen: aggregates that decide, and the one way their events get into the event store."""
