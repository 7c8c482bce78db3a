"""Where people's files are kept: on a disk, or in a bucket that speaks S3, behind one port.

What is kept is sealed already (`infra.files.sealed`); a store knows nothing of keys, names or rooms.
"""

from pathlib import Path

from infra.files.disk import DiskStore
from infra.files.port import FileGone, FileStore, FilesUnavailable
from infra.files.s3 import bucket_of
from infra.settings import Settings

__all__ = ["FileGone", "FileStore", "FilesUnavailable", "file_store"]


def file_store(settings: Settings) -> FileStore:
    """The store of the settings."""
    if settings.files_url.startswith("s3:"):
        return bucket_of(settings)
    directory = settings.files_url.removeprefix("file://")
    return DiskStore(Path(directory) if directory else settings.data_dir / "files")
