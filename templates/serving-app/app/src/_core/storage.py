"""Opens what an address names: a file, an https address, an object in S3, R2 or Google's storage."""

import os
import urllib.request
from collections.abc import Mapping
from contextlib import AbstractContextManager, closing
from typing import BinaryIO, cast
from urllib.parse import unquote, urlsplit

from src._core.settings import StartError

SECONDS_MAX = 60
"""Longest silence of a server that a model is read from."""

_stores = {"s3": "S3", "r2": "R2", "gs": "GCS"}
_google = "https://storage.googleapis.com"


def open_address(address: str, environment: Mapping[str, str] = os.environ) -> AbstractContextManager[BinaryIO]:
    """Opens it for reading from its first byte to its last. Raises OSError, StartError, or what the client of the store raises."""
    parts = urlsplit(address)
    if parts.scheme == "":
        return open(address, "rb")
    if parts.scheme == "file":
        return open(unquote(parts.path), "rb")
    if parts.scheme in ("http", "https"):
        return cast(BinaryIO, urllib.request.urlopen(address, timeout=SECONDS_MAX))  # noqa: S310
    if parts.scheme in _stores:
        return _open_object(_stores[parts.scheme], parts.netloc, parts.path.lstrip("/"), environment)
    raise StartError(
        f"MODEL_URI begins with {parts.scheme}://; known are a path, file, http, https, {', '.join(_stores)}"
    )


def _open_object(store: str, bucket: str, key: str, environment: Mapping[str, str]) -> AbstractContextManager[BinaryIO]:
    # Takes a third of a second to import, and who reads files needs none of it.
    import boto3
    from botocore.config import Config

    client = boto3.client(
        "s3",
        endpoint_url=environment.get(f"{store}_ENDPOINT") or (_google if store == "GCS" else None),
        region_name=environment.get(f"{store}_REGION") or "auto",
        # Without them the client asks where it always does: a role of the pod, a profile.
        aws_access_key_id=environment.get(f"{store}_ACCESS_KEY_ID") or None,
        aws_secret_access_key=environment.get(f"{store}_SECRET_ACCESS_KEY") or None,
        config=Config(connect_timeout=SECONDS_MAX, read_timeout=SECONDS_MAX, retries={"max_attempts": 5}),
    )
    return closing(client.get_object(Bucket=bucket, Key=key)["Body"])
