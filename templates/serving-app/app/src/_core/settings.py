"""What the server is told: environment variables, read once, checked and frozen. The chart `serving-endpoint` sets them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

AUTH_TYPES = ("none", "jwt", "api-key")
LOG_LEVELS = ("debug", "info", "warning", "error")


class StartError(Exception):
    """Why the server cannot start; there is nothing to do but to change what it is told."""


@dataclass(frozen=True)
class Settings:
    """Times in seconds, sizes in bytes, tokens as the router counts them."""

    host: str
    port: int
    route: str
    """Path that callers have before every other, without a slash at its end; empty for none."""
    model_uri: str
    model_digest: str
    """`sha256:` and 64 hex digits; empty where nothing is to be compared."""
    model_name: str
    model_version: str
    prompt_template: str
    max_concurrent_requests: int
    max_input_tokens: int
    max_output_tokens: int
    max_body_bytes: int
    auth_type: str
    auth_issuer: str
    auth_audience: str
    api_keys: tuple[str, ...]
    drain_seconds: int
    """After SIGTERM it answers for so long as before, and tells each caller to connect anew."""
    shutdown_seconds: int
    """Answers that are still being made then may take so long."""
    log_level: str


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Reads all of them. Raises StartError that names everything that is wrong, one line each."""
    reader = Reader(environment)
    auth_type = reader.one_of("AUTH_TYPE", AUTH_TYPES, "none")
    settings = Settings(
        host=reader.text("HOST", "127.0.0.1"),
        port=reader.whole("PORT", 8080, 0, 65535),
        route=reader.route(),
        model_uri=reader.required("MODEL_URI", "it says where the model is: a path, or an https, s3, r2 or gs address"),
        model_digest=reader.matching("MODEL_DIGEST", r"sha256:[0-9a-f]{64}", "sha256: and 64 hex digits"),
        model_name=reader.text("MODEL_NAME", "model"),
        model_version=reader.text("MODEL_VERSION", ""),
        prompt_template=reader.text("PROMPT_TEMPLATE", "{{prompt}}"),
        max_concurrent_requests=reader.whole("MAX_CONCURRENT_REQUESTS", 16, 1, 10_000),
        max_input_tokens=reader.whole("MAX_INPUT_TOKENS", 2048, 1, 100_000_000),
        max_output_tokens=reader.whole("MAX_OUTPUT_TOKENS", 512, 1, 100_000_000),
        max_body_bytes=reader.whole("MAX_BODY_BYTES", 1_048_576, 1, 1_073_741_824),
        auth_type=auth_type,
        auth_issuer=reader.issuer(auth_type),
        auth_audience=reader.text("AUTH_AUDIENCE", ""),
        api_keys=reader.api_keys(auth_type),
        drain_seconds=reader.whole("DRAIN_SECONDS", 3, 0, 3600),
        shutdown_seconds=reader.whole("SHUTDOWN_SECONDS", 20, 0, 3600),
        log_level=reader.one_of("LOG_LEVEL", LOG_LEVELS, "info"),
    )
    if reader.wrong:
        raise StartError("\n".join(reader.wrong))
    return settings


class Reader:
    """Reads variables one by one and gathers what is wrong. A variable that is empty is one that is not set."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.wrong: list[str] = []

    def text(self, name: str, default: str) -> str:
        return self._environment.get(name) or default

    def required(self, name: str, why: str) -> str:
        return self._checked(name, bool, "", f"{name} is not set: {why}")

    def matching(self, name: str, pattern: str, form: str) -> str:
        text = self.text(name, "")
        return self._checked(name, lambda _: not text or re.fullmatch(pattern, text), "", f"{name} must be {form}")

    def one_of(self, name: str, known: tuple[str, ...], default: str) -> str:
        sentence = f'{name} must be one of {", ".join(known)}, not "{self.text(name, "")}"'
        return self._checked(name, lambda text: text in known, default, sentence)

    def whole(self, name: str, default: int, least: int, most: int) -> int:
        text = self.text(name, str(default))
        if re.fullmatch(r"\d{1,12}", text) and least <= int(text) <= most:
            return int(text)
        self.wrong.append(f'{name} must be a whole number from {least} to {most}, not "{text}"')
        return default

    def route(self) -> str:
        """`/` and nothing are the same; a slash at the end says nothing."""
        route = self.matching("ROUTE", r"/[A-Za-z0-9/_-]*", "a path such as /my-app")
        return route.rstrip("/")

    def issuer(self, auth_type: str) -> str:
        issuer = self.text("AUTH_ISSUER", "")
        if auth_type != "jwt":
            return issuer
        parts = urlsplit(issuer)
        # On this machine there is nobody in between.
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost"))
        if not is_safe or not parts.hostname:
            self.wrong.append(f'AUTH_ISSUER must be the https address of the issuer of tokens, not "{issuer}"')
        return issuer

    def api_keys(self, auth_type: str) -> tuple[str, ...]:
        """Keys stand in API_KEYS, or in the file that API_KEYS_FILE names, with commas or ends of lines between them."""
        text = self.text("API_KEYS", "")
        file = self.text("API_KEYS_FILE", "")
        if file:
            try:
                text = f"{text}\n{Path(file).read_text('utf-8')}"
            except (OSError, UnicodeDecodeError) as error:
                self.wrong.append(f"API_KEYS_FILE cannot be read: {type(error).__name__}: {file}")
        keys = tuple(key for key in (part.strip() for part in re.split(r"[,\n]", text)) if key)
        if auth_type == "api-key" and not keys:
            self.wrong.append("AUTH_TYPE is api-key, and neither API_KEYS nor API_KEYS_FILE has a key")
        # What the keys are is never said.
        if any(len(key) < 16 for key in keys):
            self.wrong.append("a key in API_KEYS has fewer than 16 characters and could be guessed")
        return keys

    def _checked(self, name: str, is_good: Callable[[str], object], default: str, sentence: str) -> str:
        text = self.text(name, default)
        if not is_good(text):
            self.wrong.append(sentence)
        return text
