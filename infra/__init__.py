"""The outside world: settings, clock, PostgreSQL, Kafka, Redis, telemetry and the embedded stack."""
