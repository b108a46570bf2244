"""The same for asyncio: gRPC by grpc.aio, REST by a thread for each call in progress."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from .rest import RestClient
from .rest_messages import Parameters
from .retry import Attempts, Retry
from .tensors import Result, Value

T = TypeVar("T")


class AsyncRestClient:
    """At most `connections` calls run at once, others wait."""

    def __init__(self, url: str = "http://127.0.0.1:8000", *, timeout: float = 60, retry: Retry | None = None,
                 connections: int = 16) -> None:  # fmt: skip
        self._client = RestClient(url, timeout=timeout, retry=retry, connections=connections)
        self._threads = ThreadPoolExecutor(connections, thread_name_prefix="flambeau-client")

    async def infer(self, model: str, inputs: Value, *, version: str = "", outputs: Sequence[str] = (),
                    parameters: Parameters | None = None, request_id: str = "",
                    timeout: float | None = None) -> Result:  # fmt: skip
        """As RestClient.infer."""
        return await self._run(self._client.infer, model, inputs, version=version, outputs=outputs,
                               parameters=parameters, request_id=request_id, timeout=timeout)  # fmt: skip

    async def predict(self, model: str, value: Any = None, **keywords: Any) -> Any:
        """As RestClient.predict."""
        return await self._run(self._client.predict, model, value, **keywords)

    async def ready(self, *, timeout: float | None = None) -> bool:
        return await self._run(self._client.ready, timeout=timeout)

    async def metadata(self, model: str, *, version: str = "", timeout: float | None = None) -> dict[str, Any]:
        return await self._run(self._client.metadata, model, version=version, timeout=timeout)

    async def close(self) -> None:
        await asyncio.to_thread(self._threads.shutdown)
        self._client.close()

    async def __aenter__(self) -> AsyncRestClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _run(self, call: Callable[..., T], *arguments: Any, **keywords: Any) -> T:
        bound = functools.partial(call, *arguments, **keywords)
        return await asyncio.get_running_loop().run_in_executor(self._threads, bound)


class AsyncGrpcClient:
    """Make it where the event loop runs."""

    def __init__(self, target: str = "127.0.0.1:8001", *, timeout: float = 60, retry: Retry | None = None,
                 credentials: Any = None, options: Sequence[tuple[str, Any]] = ()) -> None:  # fmt: skip
        import grpc.aio

        from . import grpc_client, messages

        self._grpc, self._messages = grpc_client, messages
        every = [*grpc_client.OPTIONS, *options]
        self._channel = (grpc.aio.secure_channel(target, credentials, every) if credentials
                         else grpc.aio.insecure_channel(target, every))  # fmt: skip
        self._timeout = timeout
        self._retry = retry or Retry()
        self._error = grpc.aio.AioRpcError

    async def infer(self, model: str, inputs: Value, *, version: str = "", outputs: Sequence[str] = (),
                    parameters: Parameters | None = None, request_id: str = "",
                    timeout: float | None = None) -> Result:  # fmt: skip
        """As RestClient.infer."""
        request = self._messages.write_infer(model, version, inputs, outputs, parameters or {}, request_id)
        return self._messages.read_infer(await self._call("ModelInfer", request, timeout))

    async def ready(self, *, timeout: float | None = None) -> bool:
        answer = await self._call("ServerReady", self._messages.message("ServerReadyRequest")(), timeout)
        return bool(answer.ready)

    async def metadata(self, model: str, *, version: str = "", timeout: float | None = None) -> dict[str, Any]:
        request = self._messages.message("ModelMetadataRequest")(name=model, version=version)
        return self._messages.as_json(await self._call("ModelMetadata", request, timeout))

    async def close(self) -> None:
        await self._channel.close()

    async def __aenter__(self) -> AsyncGrpcClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _call(self, method: str, request: Any, timeout: float | None) -> Any:
        call = self._grpc.stub(self._channel, method)
        attempts = Attempts(self._retry, self._timeout if timeout is None else timeout)
        while True:
            try:
                return await call(request, timeout=attempts.remaining())
            except self._error as error:
                await asyncio.sleep(attempts.pause(self._grpc.error_of(error)))
