"""The worker: the Faust application `views` with an agent for each topic, the deadlines, the statistics
and the audit."""

from psycopg.conninfo import make_conninfo

from infra.files import file_store
from infra.kafka import topics
from infra.kafka.access import Access
from infra.kafka.app import Event, build_app, consume
from infra.kafka.beginning import prepare_group
from infra.kafka.process import persist, run_app
from infra.kafka.readiness import ensure_topics
from infra.log import EventLog
from infra.postgres import pool as connect
from infra.redis import connect as connect_redis
from infra.settings import Settings
from projections.catalogue import consumers
from projections.indexes import keep_indexed
from projections.prepare import prepare as prepare_views
from schemas.port import CommandPort
from schemas.topics import CONVERSATIONS
from streams.audit.live import Audit
from streams.audit.topics import holds
from streams.deadlines import keep_deadlines
from streams.erasure.clearing import keep_erasing
from streams.erasure.files import keep_removing
from streams.erasure.orphans import keep_sweeping
from streams.parked import keep_copying
from streams.silence import keep_from_silence
from streams.statistics import Statistics, changelogs
from streams.views import Views
from streams.waiting import keep_serving

APPLICATION = "views"


async def run_worker(settings: Settings, commands: CommandPort) -> None:
    """Run until SIGTERM or SIGINT. Raises `GenerationRaised` or `NoProgress`."""
    fed = consumers()
    # The views can be made again from the log, so no batch waits for the disk: after a crash of PostgreSQL rows and
    # tracking go back together, and what is missing is read from the store.
    views_url = make_conninfo(settings.postgres_url, options="-c synchronous_commit=off")
    async with (
        connect(views_url, "views", checked=False) as pool,
        connect_redis(settings.redis_url, "views") as redis,
    ):
        await persist("tables of the views", lambda: prepare_views(pool))
        await persist("topics", lambda: topics.prepare(settings))
        made = changelogs(settings.kafka_replication)
        await persist("changelogs", lambda: ensure_topics(settings, made))
        group = await persist("first offsets", lambda: prepare_group(APPLICATION, settings, fed))
        app = build_app(group, settings)
        store = EventLog(pool)
        views = Views(pool, store, redis)
        statistics = Statistics(app, redis)
        audit = Audit(pool, store, fed, lambda place: holds(Access.of(settings), place))
        others = [topic for topic in fed if topic != CONVERSATIONS]

        def observe(event: Event) -> None:
            audit.observe(event)
            statistics.observe(event)

        def partitions() -> set[tuple[str, int]]:
            return {(at.topic, at.partition) for at in app.consumer.assignment()}

        consume(app, group, [CONVERSATIONS], views.apply, observe=observe)
        consume(app, group, others, views.apply, observe=audit.observe)
        await run_app(
            app,
            settings,
            fed,
            group,
            beside=[
                lambda: keep_from_silence(pool, commands, settings),
                lambda: keep_deadlines(pool, commands, store),
                lambda: keep_serving(pool, commands, settings),
                lambda: keep_erasing(pool, commands),
                lambda: keep_removing(pool, file_store(settings)),
                lambda: keep_sweeping(pool, file_store(settings)),
                statistics.publish,
                lambda: audit.keep_looking(partitions),
                lambda: keep_copying(app, pool, store),
                lambda: keep_indexed(pool),
            ],
            refill=views.apply,
        )
