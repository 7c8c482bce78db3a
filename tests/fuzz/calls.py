"""REST calls made by schemathesis from the OpenAPI document, some with ids that exist, and what is promised of every answer."""

from typing import Any
from uuid import uuid4

import httpx
import requests
from hypothesis import given, seed
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import content_type_conformance, response_schema_conformance

from schemas.wire.rest import Problem
from tests.fuzz.conftest import SEED, Scene, tries
from tests.stories.people import PASSWORD

SECONDS = 10.0
"""Within which every call is answered."""
LEAVING = {("delete", "/api/users/profile"), ("post", "/api/auth/logout")}
"""Calls that end what the caller has: made by somebody new each time."""


class Caller:
    """Makes calls as somebody, and holds every answer against what is promised of all."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._session = requests.Session()
        self.answers: dict[int, int] = {}

    def somebody_new(self) -> str:
        name = f"n{uuid4().hex[:16]}"
        body = {"username": name, "email": f"{name}@example.org", "password": PASSWORD, "role": "both"}
        answer = httpx.post(f"{self._scene.stack.http}/api/auth/register", json=body, timeout=SECONDS)
        token: str = answer.json()["accessToken"]
        return token

    def call(self, case: Case, token: str | None) -> None:
        case.headers.pop("Authorization", None)
        if token is not None:
            case.headers["Authorization"] = f"Bearer {token}"
        answer = case.call(base_url=self._scene.stack.http, session=self._session, timeout=SECONDS)
        self.answers[answer.status_code] = self.answers.get(answer.status_code, 0) + 1
        told = f"{case.as_curl_command()}\n{answer.status_code} {answer.text[:500]}"
        assert answer.status_code < 500, told
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == ["application/problem+json"], told
            problem = Problem.model_validate_json(answer.content)
            assert problem.status == answer.status_code, told
            assert problem.code, told
            assert problem.detail, told
        case.validate_response(answer, checks=[response_schema_conformance, content_type_conformance])


def knowing(data: st.DataObject, value: Any, ids: dict[str, list[str]], name: str = "") -> Any:
    """`value` with some of the ids in it replaced by ids that exist."""
    match value:
        case dict():
            return {key: knowing(data, inner, ids, key) for key, inner in value.items()}
        case list() if name in ids and data.draw(st.booleans()):
            return data.draw(st.lists(st.sampled_from(ids[name]), max_size=3))
        case list():
            return [knowing(data, inner, ids) for inner in value]
        case str() if name in ids and data.draw(st.integers(0, 3)):
            return data.draw(st.sampled_from(ids[name]))
    return value


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


def fuzz_operation(operation: Any, mode: GenerationMode, scene: Scene, caller: Caller, examples: int) -> None:
    tokens = [scene.asker.token, scene.expert.token]

    @seed(SEED)
    @tries(examples)
    @given(operation.as_strategy(generation_mode=mode), st.data())
    def told(case: Case, data: st.DataObject) -> None:
        named = {camel(name): value for name, value in case.path_parameters.items()}
        known = knowing(data, named, scene.ids)
        case.path_parameters = {name: known[camel(name)] for name in case.path_parameters}
        if isinstance(case.body, dict):
            case.body = knowing(data, case.body, scene.ids)
        if (operation.method, operation.path) in LEAVING:
            caller.call(case, caller.somebody_new())
        else:
            caller.call(case, data.draw(st.sampled_from([*tokens, *tokens, None, "nonsense"])))

    told()
