"""Numbers for Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

SECONDS_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """A registry of its own, so that tests may have many. Labels hold paths of routes, never what a caller wrote."""

    def __init__(self, model_name: str, model_version: str, model_digest: str) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._requests = Counter(
            "http_requests",
            "Requests by method, route and status.",
            ["method", "path", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "http_request_duration_seconds",
            "Time from a request's first byte to its answer's last.",
            ["method", "path"],
            buckets=SECONDS_BUCKETS,
            registry=self.registry,
        )
        self.in_progress = Gauge(
            "http_requests_in_progress", "Requests that take one of the places.", registry=self.registry
        )
        self.tokens = Counter("model_tokens", "Tokens by direction.", ["direction"], registry=self.registry)
        info = Gauge(
            "model_info", "The model that is served; always 1.", ["name", "version", "digest"], registry=self.registry
        )
        info.labels(model_name, model_version, model_digest).set(1)

    def answered(self, method: str, path: str, status: int, seconds: float) -> None:
        self._requests.labels(method, path, str(status)).inc()
        self._seconds.labels(method, path).observe(seconds)

    def text(self) -> bytes:
        return generate_latest(self.registry)
