"""The event loop of every role: uvloop, which does in C what most of asyncio's own loop does in Python."""

import asyncio

import uvloop


def use_uvloop() -> None:
    """Every loop made from now on is uvloop's, those of other threads (Faust's consumer) included."""
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
