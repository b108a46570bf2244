"""A client over REST, with nothing but the standard library and numpy."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from .errors import Code, FlambeauError
from .rest_messages import HEADER_LENGTH, Parameters, error_of, model_path, read_infer, write_infer
from .retry import NEVER, Attempts, Retry
from .tensors import Result, Value

T = TypeVar("T")
Response = tuple[int, http.client.HTTPMessage, bytes]


class RestClient:
    """Any number of threads may share one. Keeps up to `connections` idle connections. `timeout` is the deadline
    of a call in seconds, all its attempts together, where the call gives none."""

    def __init__(self, url: str = "http://127.0.0.1:8000", *, timeout: float = 60, retry: Retry | None = None,
                 connections: int = 16) -> None:  # fmt: skip
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"the url is {url!r}; it must begin with http:// or https:// and name a host")
        self._make = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._host, self._port = parts.hostname, parts.port
        self._prefix = parts.path.rstrip("/")
        self._timeout = timeout
        self._retry = retry or Retry()
        self._limit = connections
        self._idle: list[http.client.HTTPConnection] = []
        self._lock = threading.Lock()

    def infer(self, model: str, inputs: Value, *, version: str = "", outputs: Sequence[str] = (),
              parameters: Parameters | None = None, request_id: str = "",
              timeout: float | None = None) -> Result:  # fmt: skip
        """Asks a model. `inputs`: {name: array, torch tensor, list or scalar}, or one of them for the first
        input. `outputs`: names, empty for all."""
        headers, body = write_infer(inputs, outputs, parameters or {}, request_id)
        path = model_path(model, version, "/infer")
        _, answer, data = self._call("POST", path, body, headers, timeout=timeout)
        return read_infer(answer.get(HEADER_LENGTH), data)

    def predict(self, model: str, value: Any = None, *, version: str = "", method: str = "",
                timeout: float | None = None, **inputs: Any) -> Any:  # fmt: skip
        """POST /predict: JSON in, the model's own structure out. One value, or inputs by name."""
        path = f"/predict/{quote(model, safe='')}" + (f"/{quote(version, safe='')}" if version else "")
        path += f":{quote(method, safe='')}" if method else ""
        body = json.dumps({"inputs": inputs} if inputs else {"input": value}).encode()
        answer = self._json("POST", path, body, timeout=timeout)
        return answer["output"] if "output" in answer else answer["outputs"]

    def live(self, *, timeout: float | None = None) -> bool:
        return self._is_200("/v2/health/live", timeout)

    def ready(self, *, timeout: float | None = None) -> bool:
        return self._is_200("/v2/health/ready", timeout)

    def model_ready(self, model: str, *, version: str = "", timeout: float | None = None) -> bool:
        """False for a model that is not there, too."""
        return self._is_200(model_path(model, version, "/ready"), timeout)

    def server_metadata(self, *, timeout: float | None = None) -> dict[str, Any]:
        return self._object("GET", "/v2", timeout=timeout)

    def metadata(self, model: str, *, version: str = "", timeout: float | None = None) -> dict[str, Any]:
        """Names, datatypes and shapes of inputs and outputs, and what is known of batching."""
        return self._object("GET", model_path(model, version), timeout=timeout)

    def statistics(self, model: str, *, version: str = "", timeout: float | None = None) -> dict[str, Any]:
        return self._object("GET", model_path(model, version, "/stats"), timeout=timeout)

    def models(self, *, timeout: float | None = None) -> list[dict[str, Any]]:
        """Every model and version: name, version, state, reason."""
        answer: list[dict[str, Any]] = self._json("POST", "/v2/repository/index", b"", timeout=timeout)
        return answer

    def load(self, model: str, *, timeout: float | None = None) -> None:
        """Not sent twice: it may have worked though its answer was lost."""
        path = f"/v2/repository/models/{quote(model, safe='')}/load"
        self._call("POST", path, b"{}", {}, timeout=timeout, retry=NEVER)

    def unload(self, model: str, *, timeout: float | None = None) -> None:
        path = f"/v2/repository/models/{quote(model, safe='')}/unload"
        self._call("POST", path, b"{}", {}, timeout=timeout, retry=NEVER)

    def close(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def __enter__(self) -> RestClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- One call ----

    def _is_200(self, path: str, timeout: float | None) -> bool:
        try:
            self._call("GET", path, None, {}, timeout=timeout, retry=NEVER)
        except FlambeauError as error:
            if error.code in (Code.UNAVAILABLE, Code.NOT_FOUND):
                return False
            raise
        return True

    def _json(self, method: str, path: str, body: bytes | None = None, *, timeout: float | None) -> Any:
        return json.loads(self._call(method, path, body, {}, timeout=timeout)[2])

    def _object(self, method: str, path: str, *, timeout: float | None) -> dict[str, Any]:
        answer: dict[str, Any] = self._json(method, path, timeout=timeout)
        return answer

    def _call(self, method: str, path: str, body: bytes | None, headers: dict[str, str], *,
              timeout: float | None, retry: Retry | None = None) -> Response:  # fmt: skip
        attempts = Attempts(retry or self._retry, self._timeout if timeout is None else timeout)
        return retrying(attempts, lambda left: self._once(method, path, body, headers, left))

    def _once(self, method: str, path: str, body: bytes | None, headers: dict[str, str],
              left: float) -> Response:  # fmt: skip
        headers = {**headers, "X-Request-Timeout-Ms": str(max(1, min(3_600_000, int(left * 1000))))}
        response = self._exchange(method, self._prefix + path, body, headers, left)
        status, answer, data = response
        if status != 200:
            raise error_of(status, answer.get("Retry-After"), data)
        return response

    def _exchange(self, method: str, path: str, body: bytes | None, headers: dict[str, str],
                  left: float) -> Response:  # fmt: skip
        connection = self._take(left)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            data = answer.read()
        except TimeoutError as error:
            connection.close()
            raise FlambeauError(Code.DEADLINE_EXCEEDED, f"{self._name()} did not answer in time.") from error
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            message = f"{self._name()} could not be reached: {error or type(error).__name__}."
            raise FlambeauError(Code.UNAVAILABLE, message, retryable=True) from error
        self._give_back(connection, answer.will_close)
        return answer.status, answer.headers, data

    def _name(self) -> str:
        return f"{self._host}:{self._port}" if self._port else self._host

    def _take(self, left: float) -> http.client.HTTPConnection:
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        if connection is None:
            return self._make(self._host, self._port, timeout=left)
        connection.timeout = left
        if connection.sock is not None:
            connection.sock.settimeout(left)
        return connection

    def _give_back(self, connection: http.client.HTTPConnection, ends: bool) -> None:
        with self._lock:
            if not ends and len(self._idle) < self._limit:
                self._idle.append(connection)
                return
        connection.close()


def retrying(attempts: Attempts, once: Callable[[float], T]) -> T:
    """Calls `once(seconds left)` until it works, or must not be tried again."""
    while True:
        try:
            return once(attempts.remaining())
        except FlambeauError as error:
            time.sleep(attempts.pause(error))
