"""Contents in, contents out: the only room that touches files.

A content is kept once, under its SHA-256 with its SM3 beside it, and never changed. It arrives in a folder of its own,
is counted and digested on the way, and gets its name only when it is whole and on the disk.
"""

import asyncio
import contextlib
import functools
import hashlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import obstore
from cryptography.hazmat.primitives import hashes
from obstore.exceptions import AlreadyExistsError
from obstore.store import LocalStore, ObjectStore, S3Store

from services.kernel.errors import DigestMismatch, Malformed, TooLarge
from services.kernel.transition import new_id

#: Where contents lie when the settings name no place.
DEFAULT_FOLDER = "var/objects"
_CHUNK = 1 << 20
#: An object store over the network may take so long for one request, a content of a gibibyte included.
_S3_TIMEOUT = "600s"


@dataclass(frozen=True, slots=True)
class Content:
    """A content that is kept. Digests in hexadecimal digits, size in bytes."""

    sha256: str
    sm3: str
    size: int

    @property
    def digest(self) -> str:
        """Its name on the wire."""
        return f"sha-256:{self.sha256}"

    @property
    def key(self) -> str:
        """Its name in the store."""
        return f"{_place(self.sha256)}/{self.sm3}"


class Contents:
    """The contents of one store. `folder` is where they arrive; None of them is visible before it is whole."""

    def __init__(self, store: ObjectStore, folder: Path, *, local: bool) -> None:
        self._store = store
        self._local = local
        self._folder = folder
        self._arrivals: ObjectStore = store if local else LocalStore(folder, mkdir=True)

    @classmethod
    def at(cls, address: str) -> "Contents":
        """The store in a folder, or behind s3://bucket/prefix (keys and endpoint as AWS_… variables say)."""
        if address.startswith("s3://"):
            plain = os.environ.get("AWS_ALLOW_HTTP", "") == "true"
            store = S3Store.from_url(address, client_options={"timeout": _S3_TIMEOUT, "allow_http": plain})
            return cls(store, Path(DEFAULT_FOLDER).absolute(), local=False)
        folder = Path(address or DEFAULT_FOLDER).absolute()
        return cls(LocalStore(folder, mkdir=True), folder, local=True)

    async def keep(self, stream: AsyncIterator[bytes], *, ceiling: int, expected: bytes | None = None) -> Content:
        """Take a content in. What was there already stays as it is.

        Units: `ceiling` in bytes. Raises: TooLarge, counted while it arrives; DigestMismatch where `expected` (a
        SHA-256) is another; Malformed for nothing at all.
        """
        arrival = f"incoming/{new_id('in')}"
        sha256, sm3, size = hashlib.sha256(), hashes.Hash(hashes.SM3()), 0
        try:
            async with obstore.open_writer_async(self._arrivals, arrival, buffer_size=_CHUNK) as writer:
                async for chunk in stream:
                    size += len(chunk)
                    if size > ceiling:
                        raise too_large(ceiling)
                    sha256.update(chunk)
                    sm3.update(chunk)
                    await writer.write(chunk)
            if size == 0:
                raise Malformed("内容为空。", "the content is empty", errors=[{"pointer": "", "code": "empty"}])
            if expected is not None and sha256.digest() != expected:
                raise DigestMismatch(
                    "收到的内容与所写的摘要不符。",
                    "what arrived has another digest",
                    cure="重新上传。",
                    errors=[{"pointer": "/headers/Content-Digest", "code": "digest_mismatch"}],
                )
            content = Content(sha256.hexdigest(), sm3.finalize().hex(), size)
            await self._name(arrival, content)
        finally:
            await _forget(self._arrivals, arrival)
        return content

    async def find(self, sha256: str) -> Content | None:
        """The content with this SHA-256 (hexadecimal), if it is kept."""
        found = (await obstore.list_with_delimiter_async(self._store, prefix=_place(sha256)))["objects"]
        return next((Content(sha256, each["path"].rpartition("/")[2], each["size"]) for each in found), None)

    async def read(self, content: Content, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes from `start` up to and not including `end`.

        Raises: FileNotFoundError, at once, where the store has lost a content.
        """
        result = await obstore.get_async(self._store, content.key, options={"range": (start, end)})
        return _chunks(result)

    async def _name(self, arrival: str, content: Content) -> None:
        if not self._local:
            if await self.find(content.sha256) is None:
                await obstore.put_async(self._store, content.key, self._folder / arrival)
            return
        # LocalStore never calls fsync (traced): first the bytes, then the name, then the folders that hold the name.
        await asyncio.to_thread(_sync, self._folder / arrival)
        with contextlib.suppress(AlreadyExistsError):
            await obstore.rename_async(self._store, arrival, content.key, overwrite=False)
        await asyncio.to_thread(_sync, *(self._folder / content.key).parents[:4])


@functools.cache
def contents_at(address: str) -> Contents:
    """The contents at an address; their connections belong to the process."""
    return Contents.at(address)


def too_large(ceiling: int) -> TooLarge:
    """The refusal of a content above the ceiling."""
    return TooLarge(
        f"内容超过{ceiling}字节。", f"the content is larger than {ceiling} bytes", params={"bytes": ceiling}
    )


def _place(sha256: str) -> str:
    return f"sha-256/{sha256[:2]}/{sha256}"


async def _chunks(result: "obstore.GetResult") -> AsyncIterator[bytes]:
    async for chunk in result.stream(min_chunk_size=_CHUNK):
        yield chunk


async def _forget(store: ObjectStore, arrival: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        await obstore.delete_async(store, arrival)


def _sync(*paths: Path) -> None:
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
