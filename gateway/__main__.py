"""`python -m gateway`: REST and WebSocket in one process, on one loop, until SIGTERM or SIGINT."""

import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import Iterator

import uvicorn

from commands.application import Commands
from gateway.app import running
from gateway.collecting import collect_seldom
from infra import tracing
from infra.ending import end_in_time, ended
from infra.loop import use_uvloop
from infra.settings import Settings, settings
from infra.telemetry import configure_logging

log = logging.getLogger("gateway")


class _Http(uvicorn.Server):
    """uvicorn without signal handlers of its own: it would raise the signal again, over our farewell to sockets."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(chosen: Settings) -> None:
    """Serve until a signal comes."""
    commands = Commands(chosen)
    await commands.start()
    try:
        async with running(chosen, commands) as gateway:
            config = uvicorn.Config(
                gateway.http,
                host=chosen.http_host,
                port=chosen.http_port,
                loop="none",
                lifespan="off",
                access_log=False,
                log_config=None,
                server_header=False,
                timeout_graceful_shutdown=3,
            )
            server = _Http(config)
            loop = asyncio.get_running_loop()

            def leave(number: int) -> None:
                if not server.should_exit:
                    end_in_time()
                server.handle_exit(number, None)

            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, leave, number)
            where = gateway.websocket
            log.info("HTTP on %s:%d, WebSocket on port %d", chosen.http_host, chosen.http_port, where.port)
            await server.serve()
    finally:
        await commands.stop()
        # The loop's own end would cancel what is left once, and wait for it without bound.
        await ended(asyncio.all_tasks() - {asyncio.current_task()})


def main() -> None:
    """Run, and exit with a clear sentence if a port is taken."""
    chosen = settings()
    configure_logging("gateway", chosen)
    tracing.begin("gateway", chosen)
    try:
        use_uvloop()
        collect_seldom()
        asyncio.run(serve(chosen))
    except OSError as error:
        sys.exit(f"the gateway cannot start: {error}")


if __name__ == "__main__":
    main()
