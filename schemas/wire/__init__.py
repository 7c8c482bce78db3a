"""What clients and we say to each other: REST bodies, and the frames of the WebSocket in both directions."""
