"""Files in a bucket of anything that speaks S3, by `obstore`: `<prefix>/<owner>/<id>`.

Who we are is told by the settings, or by the surroundings as in AWS's own clients (`AWS_…`, the machine's role).
"""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import UUID

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from infra.files.port import FileGone, FilesUnavailable
from infra.settings import Settings

if TYPE_CHECKING:
    from obstore.store import S3Config  # its stub has it, the module does not

ANSWER_SECONDS = 20
RETRY_SECONDS = 10


class S3Bucket:
    """A `FileStore` in a bucket."""

    def __init__(self, store: S3Store) -> None:
        self._store = store

    async def put(self, owner: UUID, file_id: UUID, content: bytes) -> None:
        """One PUT."""
        try:
            await obstore.put_async(self._store, f"{owner}/{file_id}", content)
        except BaseError as error:
            raise FilesUnavailable(f"a file cannot be kept: {error}") from error

    async def get(self, owner: UUID, file_id: UUID) -> bytes:
        """One GET."""
        try:
            found = await obstore.get_async(self._store, f"{owner}/{file_id}")
            return bytes(await found.bytes_async())
        except FileNotFoundError:
            raise FileGone(str(file_id)) from None
        except BaseError as error:
            raise FilesUnavailable(f"a file cannot be read: {error}") from error

    async def remove(self, owner: UUID, file_id: UUID) -> None:
        """One DELETE."""
        await self._delete([f"{owner}/{file_id}"])

    async def remove_all(self, owner: UUID) -> None:
        """List what stands below the owner, and delete it."""
        try:
            async for page in obstore.list(self._store, f"{owner}/"):
                await self._delete([one["path"] for one in page])
        except BaseError as error:
            raise FilesUnavailable(f"files cannot be listed: {error}") from error

    async def held(self) -> AsyncIterator[tuple[UUID, UUID]]:
        """By the names of the objects."""
        try:
            async for page in obstore.list(self._store):
                for one in page:
                    owner, _, name = one["path"].rpartition("/")
                    yield UUID(owner), UUID(name)
        except BaseError as error:
            raise FilesUnavailable(f"files cannot be listed: {error}") from error

    async def _delete(self, paths: list[str]) -> None:
        try:
            await obstore.delete_async(self._store, paths)
        except FileNotFoundError:
            return
        except BaseError as error:
            raise FilesUnavailable(f"files cannot be removed: {error}") from error


def bucket_of(settings: Settings) -> S3Bucket:
    """The bucket of `files_url`, `s3://bucket/prefix`."""
    where = urlsplit(settings.files_url)
    config: S3Config = {"region": settings.files_region}
    if settings.files_endpoint:
        config["endpoint"] = settings.files_endpoint
    if settings.files_access_key:
        config["access_key_id"] = settings.files_access_key
        config["secret_access_key"] = settings.files_secret_key.get_secret_value()
    store = S3Store(
        where.netloc,
        prefix=where.path.strip("/") or None,
        config=config,
        client_options={
            "allow_http": settings.files_endpoint.startswith("http:"),
            "timeout": timedelta(seconds=ANSWER_SECONDS),
        },
        retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=RETRY_SECONDS)},
    )
    return S3Bucket(store)
