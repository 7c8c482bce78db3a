"""What is said: every command, event, wire message and topic, in one catalogue. Imports nothing of ours."""
