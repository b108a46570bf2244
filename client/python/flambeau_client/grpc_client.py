"""A client over gRPC."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import grpc

from . import messages
from .errors import Code, FlambeauError
from .rest import retrying
from .rest_messages import Parameters
from .retry import NEVER, Attempts, Retry
from .tensors import Result, Value

OPTIONS = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
_RETRYABLE = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED)


def error_of(error: Any) -> FlambeauError:
    """Of a grpc.RpcError."""
    name = error.code().name
    if error.code() is grpc.StatusCode.CANCELLED and error.details() != "Channel closed!":
        # Nobody here did: a balancer resets a call so when its server went away.
        return FlambeauError(Code.UNAVAILABLE, "The call was cut off before its answer.", retryable=True)
    code = Code(name) if name in Code.__members__ else Code.UNKNOWN
    wait = _pushback(error)
    return FlambeauError(code, error.details() or name, retryable=error.code() in _RETRYABLE and wait >= 0,
                         retry_after=max(wait, 0))  # fmt: skip


def _pushback(error: Any) -> float:
    """Seconds that the server asks to wait before another attempt, 0 if it does not; less: not to try again."""
    found = dict(error.trailing_metadata() or ()).get("grpc-retry-pushback-ms")
    if found is None:
        return 0
    try:
        return int(found) / 1000
    except ValueError:
        return -1


class GrpcClient:
    """Any number of threads may share one. `timeout` is the deadline of a call in seconds, all its attempts
    together, where the call gives none. `options` are gRPC's channel arguments."""

    def __init__(self, target: str = "127.0.0.1:8001", *, timeout: float = 60, retry: Retry | None = None,
                 credentials: Any = None, options: Sequence[tuple[str, Any]] = ()) -> None:  # fmt: skip
        every = [*OPTIONS, *options]
        self._channel = (grpc.secure_channel(target, credentials, every) if credentials
                         else grpc.insecure_channel(target, every))  # fmt: skip
        self._timeout = timeout
        self._retry = retry or Retry()
        self._calls: dict[str, Any] = {}

    def infer(self, model: str, inputs: Value, *, version: str = "", outputs: Sequence[str] = (),
              parameters: Parameters | None = None, request_id: str = "",
              timeout: float | None = None) -> Result:  # fmt: skip
        """As RestClient.infer."""
        request = messages.write_infer(model, version, inputs, outputs, parameters or {}, request_id)
        return messages.read_infer(self._call("ModelInfer", request, timeout))

    def live(self, *, timeout: float | None = None) -> bool:
        return self._is("ServerLive", "live", {}, timeout)

    def ready(self, *, timeout: float | None = None) -> bool:
        return self._is("ServerReady", "ready", {}, timeout)

    def model_ready(self, model: str, *, version: str = "", timeout: float | None = None) -> bool:
        """False for a model that is not there, too."""
        return self._is("ModelReady", "ready", {"name": model, "version": version}, timeout)

    def server_metadata(self, *, timeout: float | None = None) -> dict[str, Any]:
        return self._object("ServerMetadata", {}, timeout)

    def metadata(self, model: str, *, version: str = "", timeout: float | None = None) -> dict[str, Any]:
        return self._object("ModelMetadata", {"name": model, "version": version}, timeout)

    def statistics(self, model: str, *, version: str = "", timeout: float | None = None) -> dict[str, Any]:
        return self._object("ModelStatistics", {"name": model, "version": version}, timeout)

    def models(self, *, timeout: float | None = None) -> list[dict[str, Any]]:
        """Every model and version: name, version, state, reason."""
        index: list[dict[str, Any]] = self._object("RepositoryIndex", {}, timeout).get("models", [])
        return index

    def load(self, model: str, *, timeout: float | None = None) -> None:
        """Not sent twice: it may have worked though its answer was lost."""
        request = messages.message("RepositoryModelLoadRequest")(model_name=model)
        self._call("RepositoryModelLoad", request, timeout, NEVER)

    def unload(self, model: str, *, timeout: float | None = None) -> None:
        request = messages.message("RepositoryModelUnloadRequest")(model_name=model)
        self._call("RepositoryModelUnload", request, timeout, NEVER)

    def close(self) -> None:
        self._channel.close()

    def __enter__(self) -> GrpcClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- One call ----

    def _object(self, method: str, fields: dict[str, str], timeout: float | None) -> dict[str, Any]:
        return messages.as_json(self._call(method, messages.message(f"{method}Request")(**fields), timeout))

    def _is(self, method: str, field: str, fields: dict[str, str], timeout: float | None) -> bool:
        request = messages.message(f"{method}Request")(**fields)
        try:
            return bool(getattr(self._call(method, request, timeout, NEVER), field))
        except FlambeauError as error:
            if error.code in (Code.UNAVAILABLE, Code.NOT_FOUND):
                return False
            raise

    def _call(self, method: str, request: Any, timeout: float | None, retry: Retry | None = None) -> Any:
        call = self._calls.get(method)
        if call is None:
            call = self._calls[method] = stub(self._channel, method)
        attempts = Attempts(retry or self._retry, self._timeout if timeout is None else timeout)

        def once(left: float) -> Any:
            try:
                return call(request, timeout=left)
            except grpc.RpcError as error:
                raise error_of(error) from error

        return retrying(attempts, once)


def stub(channel: Any, method: str) -> Any:
    return channel.unary_unary(
        f"/{messages.SERVICE}/{method}",
        request_serializer=lambda request: request.SerializeToString(),
        response_deserializer=messages.message(f"{method}Response").FromString,
    )
