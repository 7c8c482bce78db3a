"""The example set of access rules, one per role, in `acls.toml`: shown for `kafka-acls.sh`, or given to the brokers."""

import shlex
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import for_code
from aiokafka.protocol.admin import CreateAclsRequest

from infra.kafka.access import Access

ALLOW = 3
RESOURCES = {"topic": 2, "group": 3, "cluster": 4}
CLUSTER = "kafka-cluster"
LITERAL, PREFIXED = 3, 4
OPERATIONS = {"Read": 3, "Write": 4, "Create": 5, "Delete": 6, "Describe": 8, "DescribeConfigs": 10}
"""Kafka's own numbers (`org.apache.kafka.common.acl`)."""


class AclRefused(Exception):
    """The broker would not take a rule."""


@dataclass(frozen=True, slots=True)
class Rule:
    """`role` may do `operations` on a resource; a `name` ending in * means all that begin so."""

    role: str
    resource: str
    name: str
    operations: tuple[str, ...]

    @property
    def prefixed(self) -> bool:
        return self.name.endswith("*")

    def command(self, server: str, principal: str) -> str:
        """The same for Kafka's own tool."""
        what = ["--cluster"] if self.resource == "cluster" else [f"--{self.resource}", self.name.rstrip("*")]
        pattern = ["--resource-pattern-type", "prefixed"] if self.prefixed else []
        operations = [word for one in self.operations for word in ("--operation", one)]
        start = [
            "kafka-acls.sh",
            "--bootstrap-server",
            server,
            "--command-config",
            "admin.properties",
            "--add",
        ]
        return shlex.join([*start, "--allow-principal", principal, *operations, *what, *pattern])


def rules() -> list[Rule]:
    """All of `acls.toml`."""
    found = []
    for role, given in tomllib.loads(files("infra.kafka").joinpath("acls.toml").read_text()).items():
        for resource in ("topic", "group"):
            found += [Rule(role, resource, name, tuple(ops)) for name, ops in given.get(resource, {}).items()]
        if "cluster" in given:
            found.append(Rule(role, "cluster", CLUSTER, tuple(given["cluster"])))
    return found


def principal_of(role: str, prefix: str) -> str:
    """`User:yeon-relay` for the role `relay` and the prefix `yeon-`."""
    return f"User:{prefix}{role}"


def commands(wanted: Iterable[Rule], access: Access, prefix: str) -> list[str]:
    """One line of shell for each rule."""
    return [rule.command(access.servers[0], principal_of(rule.role, prefix)) for rule in wanted]


async def apply(wanted: Sequence[Rule], access: Access, prefix: str) -> int:
    """Give the rules to the brokers; how many operations that are. Raises `AclRefused` or `KafkaError`."""
    admin = AIOKafkaAdminClient(**access.client(), request_timeout_ms=10_000)
    await admin.start()
    try:
        given = 0
        for rule in wanted:
            pattern = PREFIXED if rule.prefixed else LITERAL
            for operation in rule.operations:
                request = CreateAclsRequest(
                    *(RESOURCES[rule.resource], rule.name.rstrip("*"), pattern),
                    *(principal_of(rule.role, prefix), "*", OPERATIONS[operation], ALLOW),
                )
                answer = await admin._send_to_controller(request)
                for code, message in answer.creation_responses:
                    if code:
                        raise AclRefused(f"{rule}: {message or for_code(code).__name__}")
                given += 1
        return given
    finally:
        await admin.close()
