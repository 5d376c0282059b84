"""Gets the model and makes sure that it is the very one that was asked for: a version's identity is the digest of its bytes."""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from src._core.settings import Settings, StartError
from src._core.storage import open_address

CHUNK_BYTES = 1_048_576


def fetch_model(settings: Settings, folder: Path, environment: Mapping[str, str] = os.environ) -> tuple[Path, str]:
    """
    Puts what MODEL_URI names into a file, where it is none yet.
    folder: where to put it; returns the file and the digest of its bytes. Raises StartError.
    """
    uri = settings.model_uri
    parts = urlsplit(uri)
    is_file = parts.scheme in ("", "file")
    path = Path(unquote(parts.path) if parts.scheme == "file" else uri) if is_file else folder / "model"
    try:
        with open_address(uri, environment) as source:
            if is_file:
                digest = _copy(source, None)
            else:
                with path.open("xb") as target:
                    digest = _copy(source, target)
    except StartError:
        raise
    except Exception as error:
        # The clients of stores have exceptions of their own, with nothing in common.
        raise StartError(f"the model {uri} cannot be read: {type(error).__name__}: {error}") from error
    if settings.model_digest and digest != settings.model_digest:
        raise StartError(
            f"the model {uri} has digest {digest}, not {settings.model_digest}: these are not the bytes that were registered, "
            "nothing is served"
        )
    return path, digest


def _copy(source: BinaryIO, target: BinaryIO | None) -> str:
    hashed = hashlib.sha256()
    while chunk := source.read(CHUNK_BYTES):
        hashed.update(chunk)
        if target is not None:
            target.write(chunk)
    return f"sha256:{hashed.hexdigest()}"
