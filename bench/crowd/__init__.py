"""Thousands of WebSocket clients in a process of their own, so cheap that the server is what is measured."""
