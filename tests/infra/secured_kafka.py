"""An Apache Kafka node that asks for TLS, a name (SCRAM) and a right to everything; certificates made for the test."""

import socket
import ssl
from collections.abc import Sequence
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from infra.clock import now
from infra.embedded.ports import HOST
from infra.kafka.access import Access
from infra.kafka.apache import ApacheKafka, Cluster

ADMIN = "admin"
MECHANISM = "SCRAM-SHA-512"


def password_of(name: str) -> str:
    return f"password-of-{name}"


class SecuredKafka(ApacheKafka):
    """Nobody may anything on it but `admin`, until rules are given. `names` may sign in."""

    def __init__(self, directory: Path, port: int, log: Path, names: Sequence[str]) -> None:
        super().__init__(directory, port, log)
        self._names = (ADMIN, *names)
        self.ca = self.directory / "ca.pem"

    def access(self, name: str, password: str | None = None) -> Access:
        server = (f"{HOST}:{self.port}",)
        return Access(server, "SASL_SSL", MECHANISM, name, password or password_of(name), self.ca)

    def prepare(self) -> None:
        self.directory.mkdir(parents=True)
        certificates(self.ca, self.directory / "node.pem")
        super().prepare()

    def format_options(self) -> Sequence[str]:
        said = (f"{MECHANISM}=[name={name},password={password_of(name)}]" for name in self._names)
        return [word for one in said for word in ("--add-scram", one)]

    def settings(self, cluster: Cluster) -> dict[str, object]:
        ours = f"SASL_SSL://{HOST}:{self.port}"
        login = f'username="{ADMIN}" password="{password_of(ADMIN)}";'
        module = "org.apache.kafka.common.security.scram.ScramLoginModule required"
        return super().settings(cluster) | {
            "listeners": f"{ours},CONTROLLER://{HOST}:{cluster.controllers[0]}",
            "advertised.listeners": ours,
            "listener.security.protocol.map": "SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": "SASL_SSL",
            "sasl.enabled.mechanisms": MECHANISM,
            "sasl.mechanism.inter.broker.protocol": MECHANISM,
            f"listener.name.sasl_ssl.{MECHANISM.lower()}.sasl.jaas.config": f"{module} {login}",
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": self.directory / "node.pem",
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": self.ca,
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": f"User:{ADMIN};User:ANONYMOUS",  # the controller's listener knows no names
        }

    def answers(self) -> bool:
        context = ssl.create_default_context(cafile=self.ca)
        try:
            with (
                socket.create_connection((HOST, self.port), timeout=1) as plain,
                context.wrap_socket(plain, server_hostname=HOST),
            ):
                return True
        except OSError:
            return False


def certificates(ca: Path, node: Path) -> None:
    """Write a certificate authority's own certificate to `ca`, and key and certificate of 127.0.0.1 to `node`."""
    issuer_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "yeon test authority")])
    at = now()

    def begun(subject: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public)
        builder = builder.serial_number(x509.random_serial_number())
        return builder.not_valid_before(at - timedelta(hours=1)).not_valid_after(at + timedelta(days=1))

    usage = dict.fromkeys(("content_commitment", "key_encipherment", "data_encipherment"), False)
    usage |= {"key_agreement": False, "encipher_only": False, "decipher_only": False}
    root = (
        begun(issuer, issuer_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=True, key_cert_sign=True, crl_sign=True, **usage), critical=True
        )
        .sign(issuer_key, hashes.SHA256())
    )
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))])
    own = (
        begun(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)]), key.public_key())
        .add_extension(names, critical=False)
        .sign(issuer_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    ca.write_bytes(root.public_bytes(pem))
    node.write_bytes(secret + own.public_bytes(pem) + root.public_bytes(pem))
    node.chmod(0o600)
