"""On a Kafka that asks for TLS, names and rights every role does its work with its own rules only, and an integrator
reads the public topics and nothing else."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    KafkaError,
    TopicAuthorizationFailedError,
    for_code,
)

from commands.application import Commands
from infra.embedded.ports import any_free
from infra.kafka import acls, topics
from infra.kafka.access import Access, Locked
from infra.settings import Settings
from schemas.topics import CONVERSATIONS, TOPICS
from tests.commands.writing import Writer, rows
from tests.faults.conftest import Roles
from tests.infra.secured_kafka import ADMIN, SecuredKafka, password_of

ROLES = ("operator", "relay", "streams", "matcher", "integrator")


def test_what_does_not_belong_together_is_refused_with_the_setting(tmp_path: Path) -> None:
    missing = tmp_path / "no.pem"
    for given, said in (
        ({"kafka_security": "SASL_SSL"}, "YEON_KAFKA_USERNAME"),
        ({"kafka_security": "SSL", "kafka_certificate": str(missing)}, "YEON_KAFKA_KEY"),
        ({"kafka_ca": str(missing)}, "YEON_KAFKA_SECURITY=PLAINTEXT"),
        ({"kafka_security": "SSL", "kafka_ca": str(missing)}, "YEON_KAFKA_CA"),
    ):
        with pytest.raises(Locked, match=said):
            Access.of(Settings.model_validate({"kafka_url": "kafka://k:1", **given}))
    assert Access.of(Settings(kafka_url="kafka://a:1,b:2")) == Access(
        ("a:1", "b:2"), mechanism="SCRAM-SHA-512"
    )


def test_a_password_is_in_no_message() -> None:
    assert "hidden" not in repr(Access(("k:1",), "SASL_SSL", "PLAIN", "u", "hidden"))


def test_the_rules_are_shown_as_commands_of_kafkas_own_tool() -> None:
    found = acls.commands(acls.rules(), Access.at("kafka://k:9092"), "yeon-")
    assert (
        "kafka-acls.sh --bootstrap-server k:9092 --command-config admin.properties --add --allow-principal"
        " User:yeon-integrator --operation Describe --operation Read --topic yeon.experts.v1"
    ) in found
    assert any("--group views. --resource-pattern-type prefixed" in line for line in found)


@pytest.mark.parametrize("role", ["relay", "streams", "matcher", "notifier", "integrator"])
def test_the_rules_know_every_topic(role: str) -> None:
    names = [rule.name for rule in acls.rules() if (rule.role, rule.resource) == (role, "topic")]
    copies = [topic.parked for topic in TOPICS.values()] if role != "integrator" else []
    wanted = [*TOPICS, *copies]
    assert [
        t for t in wanted if not any(t == n or (n.endswith("*") and t.startswith(n[:-1])) for n in names)
    ] == []


@dataclass
class Secured:
    """The node with its topics and rules, and processes of ours that sign in by their roles."""

    node: SecuredKafka
    url: str
    roles: Roles

    def settings(self, role: str) -> dict[str, str]:
        return {
            "YEON_KAFKA_URL": self.node.url,
            "YEON_KAFKA_SECURITY": "SASL_SSL",
            "YEON_KAFKA_USERNAME": f"yeon-{role}",
            "YEON_KAFKA_PASSWORD": password_of(f"yeon-{role}"),
            "YEON_KAFKA_CA": str(self.node.ca),
            "YEON_POSTGRES_URL": self.url,
        }

    def start(self, role: str, *arguments: str) -> None:
        self.roles.environment |= self.settings(role)
        self.roles.start(*arguments)

    def access(self, role: str) -> Access:
        return self.node.access(f"yeon-{role}")


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredKafka]:
    directory = tmp_path_factory.mktemp("secured")
    names = [f"yeon-{role}" for role in ROLES]
    found = SecuredKafka(directory / "kafka", any_free(), directory / "kafka.log", names)
    found.start()
    yield found
    found.stop()


@pytest.fixture
async def secured(
    node: SecuredKafka, fresh_database: Callable[[], str], redis_url: str, tmp_path: Path
) -> AsyncIterator[Secured]:
    url = fresh_database()
    roles = Roles(tmp_path, {"YEON_DATA_DIR": str(tmp_path), "YEON_REDIS_URL": redis_url})
    yield Secured(node, url, roles)
    for process in roles.running:
        process.terminate()
    for process in roles.running:
        process.wait(20)


async def _command(environment: dict[str, str], *words: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "infra.cli", *words),
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode, said.decode()


async def _refused(topic: str, access: Access) -> type[Exception]:
    """How reading a topic is answered."""
    consumer = AIOKafkaConsumer(**access.client(), auto_offset_reset="earliest", metadata_max_age_ms=500)
    await consumer.start()
    try:
        at = TopicPartition(topic, 0)
        consumer.assign([at])
        async with asyncio.timeout(10):
            await consumer.seek_to_beginning(at)
            await consumer.getone(at)
    except (KafkaError, TimeoutError) as error:
        return type(error)
    finally:
        await consumer.stop()
    pytest.fail(f"{topic} could be read")


@pytest.mark.kafka
@pytest.mark.timeout(240)
async def test_roles_work_with_their_own_rules_and_an_integrator_reads_the_public_topics_only(
    secured: Secured, node: SecuredKafka
) -> None:
    # given a Kafka where nobody may anything yet
    integrator = secured.access("integrator")
    stranger = AIOKafkaConsumer(**node.access("yeon-relay", "wrong").client())
    with pytest.raises(KafkaError):
        await stranger.start()
    await stranger.stop()
    admin = {**secured.settings("operator"), "YEON_KAFKA_USERNAME": ADMIN}
    code, said = await _command(admin | {"YEON_KAFKA_PASSWORD": password_of(ADMIN)}, "kafka-acls", "--apply")
    assert code == 0, said

    # when the operator prepares it and the roles start
    operator = Settings(
        kafka_url=node.url,
        kafka_security="SASL_SSL",
        kafka_username="yeon-operator",
        kafka_password=password_of("yeon-operator"),  # type: ignore[arg-type]
        kafka_ca=str(node.ca),
    )
    await topics.prepare(operator)
    secured.start("relay", "streams", "relay")
    secured.start("streams", "streams", "worker")
    secured.start("matcher", "matcher", "serve")
    commands = Commands(Settings(postgres_url=secured.url))
    await commands.start()
    try:
        writer = Writer(commands)
        room = await writer.room(await writer.expert())
        for number in range(20):
            await writer.say(room, f"말 {number}")
    finally:
        await commands.stop()

    # then views and index have it all
    def done() -> bool:
        items = rows(secured.url, "SELECT count(*) FROM views.room_items WHERE content LIKE '말 %%'")
        indexed = rows(
            secured.url, "SELECT count(*) FROM ops.tracking WHERE consumer LIKE 'matcher:%%' AND position > 0"
        )
        return items == [(20,)] and indexed[0][0] > 0

    await secured.roles.until(lambda: _there(secured.url) and done(), 60)
    # and an integrator reads what is public
    async with AIOKafkaConsumer(
        *TOPICS, **integrator.client(), group_id="integrator.test", auto_offset_reset="earliest"
    ) as consumer:
        async with asyncio.timeout(20):
            found = [await consumer.getone() for _ in range(20)]
    assert {record.topic for record in found} <= set(TOPICS)

    # and nothing else: no writing, no other topic, no group of ours, no topic of its own
    async with AIOKafkaProducer(**integrator.client()) as producer:
        with pytest.raises(TopicAuthorizationFailedError):
            await producer.send_and_wait(CONVERSATIONS, b"false", partition=0)
    for hidden in (TOPICS[CONVERSATIONS].parked, "yeon.views.figures.changelog", "__consumer_offsets"):
        assert await _refused(hidden, integrator) is not None
    consumer = AIOKafkaConsumer(CONVERSATIONS, **integrator.client(), group_id="views.g1")
    try:
        with pytest.raises(GroupAuthorizationFailedError):
            await consumer.start()
    finally:
        await consumer.stop()
    client = AIOKafkaAdminClient(**integrator.client())
    await client.start()
    try:
        assert set(await client.list_topics()) == set(TOPICS)
        answer = await client.create_topics([NewTopic("integrator.own", 1, 1)])
        assert for_code(answer.topic_errors[0][1]) is not None
        assert answer.topic_errors[0][1] != 0
    finally:
        await client.close()


def _there(url: str) -> bool:
    return rows(url, "SELECT to_regclass('views.room_items') IS NOT NULL") == [(True,)]
