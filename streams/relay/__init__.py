"""The relay: the only writer of event topics. What is in the store comes to Kafka, in order, whatever Kafka forgets."""
