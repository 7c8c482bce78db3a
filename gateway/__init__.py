"""Who is connected: REST, the WebSocket, fan-out, presence and limits."""
