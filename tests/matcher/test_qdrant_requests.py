"""What the real client sends to a Qdrant server: it is written down by a server that says yes to all, as none can run."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import numpy as np
import pytest
from qdrant_client import QdrantClient

from infra.settings import Settings
from matcher.index import factory
from matcher.index.answers import Sought
from matcher.index.contract import Wanted
from matcher.index.factory import make_answer_index, make_index, name_live
from matcher.lexical.sparse import Sparse

INT8 = {"scalar": {"type": "int8", "quantile": 0.99, "always_ram": True}}


@dataclass
class Qdrant:
    """Remembers what was sent, and which collections and aliases there are now."""

    url: str = ""
    said: list[tuple[str, str, Any]] = field(default_factory=list)
    collections: dict[str, Any] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)

    def answer(self, method: str, path: str, body: Any) -> Any:
        if path == "/":  # which version it is
            return True
        self.said.append((method, path, body))
        name = path.split("/")[2] if path.startswith("/collections/") else ""
        if path.endswith("/exists"):
            return {"exists": name in self.collections}
        if path == "/aliases":
            pairs = self.aliases.items()
            return {"aliases": [{"alias_name": a, "collection_name": c} for a, c in pairs]}
        if path == "/collections/aliases":
            for action in body["actions"]:
                if delete := action.get("delete_alias"):
                    del self.aliases[delete["alias_name"]]
                if create := action.get("create_alias"):
                    assert create["alias_name"] not in self.aliases
                    self.aliases[create["alias_name"]] = create["collection_name"]
        if path.endswith("/points/query/batch"):
            return [{"points": []} for _ in body["searches"]]
        if path.endswith("/index"):
            return {"operation_id": 1, "status": "completed"}
        if method == "GET":
            return _info(self.collections[name])
        if method in ("PUT", "PATCH") and path == f"/collections/{name}":
            self.collections[name] = {**self.collections.get(name, {}), **body}
        return True

    def bodies(self, method: str, pattern: str) -> list[Any]:
        return [body for m, path, body in self.said if m == method and re.fullmatch(pattern, path)]


def _info(config: dict[str, Any]) -> dict[str, Any]:
    quantisation = config.get("quantization_config")
    return {
        "status": "green",
        "optimizer_status": "ok",
        "segments_count": 1,
        "payload_schema": {},
        "config": {
            "params": {"vectors": config["vectors"]},
            "hnsw_config": {"m": 16, "ef_construct": 100, "full_scan_threshold": 10000},
            "optimizer_config": {
                "deleted_threshold": 0.2,
                "vacuum_min_vector_number": 1000,
                "default_segment_number": 0,
                "flush_interval_sec": 5,
            },
            "quantization_config": None if quantisation == "Disabled" else quantisation,
        },
    }


@pytest.fixture
def qdrant(monkeypatch: pytest.MonkeyPatch) -> Iterator[Qdrant]:
    told = Qdrant()
    monkeypatch.setattr(
        factory, "client_of", lambda settings: QdrantClient(url=told.url, check_compatibility=False)
    )

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            path = self.path.split("?")[0]
            result = told.answer(self.command, path, body)
            said = json.dumps({"result": result, "status": "ok", "time": 0.0})
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(said)))
            self.end_headers()
            self.wfile.write(said.encode())

        do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = _any

        def log_message(self, *args: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield told
    server.shutdown()
    server.server_close()
    thread.join()


def settings(qdrant: Qdrant, **others: Any) -> Settings:
    return Settings(qdrant_url=qdrant.url, **others)


class TestOnAServer:
    def test_a_collection_is_made_with_bytes_beside_its_vectors_and_an_index_of_all_that_is_filtered_by(
        self, qdrant: Qdrant
    ) -> None:
        experts, answers = (
            make_index(settings(qdrant), "e", 8),
            make_answer_index(settings(qdrant), "e", 8),
        )
        experts.open()
        answers.open()

        made = qdrant.collections[experts.name]
        assert made["vectors"] == {"size": 8, "distance": "Cosine"}
        assert made["quantization_config"] == INT8
        assert qdrant.collections[answers.name]["quantization_config"] == INT8
        assert qdrant.collections[answers.name]["sparse_vectors"] == {"terms": {"modifier": "idf"}}
        fields = {b["field_name"]: b["field_schema"] for b in qdrant.bodies("PUT", ".*/index")}
        assert fields == {
            **dict.fromkeys(("available", "at_capacity", "demo", "free"), "integer"),
            **dict.fromkeys(("terms", "expert", "question", "asker"), "keyword"),
            "at": "float",
        }

    def test_the_nearest_by_bytes_are_compared_again_and_words_are_not(self, qdrant: Qdrant) -> None:
        vector = np.eye(8, dtype=np.float32)[:1]
        experts = make_index(settings(qdrant, qdrant_oversampling=3), "e", 8)
        answers = make_answer_index(settings(qdrant, qdrant_oversampling=0), "e", 8)
        experts.search(vector, [Wanted(limit=5)])
        answers.search([Sought(5, dense=vector[0]), Sought(5, sparse=Sparse((1,), (1.0,)))])

        [[by_profile], [by_meaning, by_words]] = [
            body["searches"] for body in qdrant.bodies("POST", ".*/points/query/batch")
        ]
        assert by_profile["params"]["quantization"] == {"rescore": True, "oversampling": 3.0}
        assert by_meaning["params"]["quantization"] == {"rescore": False}
        assert "params" not in by_words

    def test_what_is_there_already_is_brought_to_the_settings_once(self, qdrant: Qdrant) -> None:
        make_index(settings(qdrant, qdrant_quantisation="none"), "e", 8).open()
        assert not qdrant.bodies("PATCH", ".*")

        make_index(settings(qdrant), "e", 8).open()
        make_index(settings(qdrant), "e", 8).open()
        assert qdrant.bodies("PATCH", ".*") == [{"quantization_config": INT8}]

        make_index(settings(qdrant, qdrant_quantisation="none"), "e", 8).open()
        assert qdrant.bodies("PATCH", ".*")[1:] == [{"quantization_config": "Disabled"}]

    def test_the_lasting_names_go_over_to_the_new_collections_in_one_step(self, qdrant: Qdrant) -> None:
        old = {"experts": "experts-one", "answers": "answers-one"}
        new = {"experts": "experts-two", "answers": "answers-two"}
        for named in (old, old, new):
            name_live(settings(qdrant), named)

        assert qdrant.aliases == new
        first, second = qdrant.bodies("POST", "/collections/aliases")
        assert [next(iter(action)) for action in first["actions"]] == ["create_alias"] * 2
        assert [next(iter(action)) for action in second["actions"]] == ["delete_alias", "create_alias"] * 2

    def test_an_index_that_nobody_uses_is_deleted(self, qdrant: Qdrant) -> None:
        index = make_index(settings(qdrant), "e", 8)
        index.drop()

        assert qdrant.bodies("DELETE", f"/collections/{index.name}") == [None]
