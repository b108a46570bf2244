"""Triton's four clients behind one face: a call is made, and waited for where the client is aio."""

import asyncio
import inspect

import tritonclient.grpc
import tritonclient.grpc.aio
import tritonclient.http
import tritonclient.http.aio

PATIENCE = 60


class Triton:
    def __init__(self, kind, server):
        self.kind = kind
        self.is_grpc = kind.startswith("grpc")
        self.is_aio = kind.endswith("aio")
        self.types = tritonclient.grpc if self.is_grpc else tritonclient.http
        package = {"http": tritonclient.http, "http.aio": tritonclient.http.aio,
                   "grpc": tritonclient.grpc, "grpc.aio": tritonclient.grpc.aio}[kind]
        port = server.grpc_port if self.is_grpc else server.http_port
        self.loop = asyncio.new_event_loop() if self.is_aio else None

        async def make():
            return package.InferenceServerClient(f"127.0.0.1:{port}")

        address = f"127.0.0.1:{port}"
        self.raw = self.loop.run_until_complete(make()) if self.is_aio else package.InferenceServerClient(address)

    def wait(self, result):
        return self.loop.run_until_complete(result) if inspect.isawaitable(result) else result

    def __getattr__(self, name):
        """A call of the client; over gRPC a message comes as the JSON that REST has."""
        method = getattr(self.raw, name)

        def call(*args, **kwargs):
            if self.is_grpc and "as_json" in inspect.signature(method).parameters:
                kwargs.setdefault("as_json", True)
            return self.wait(method(*args, **kwargs))

        return call

    def close(self):
        self.wait(self.raw.close())
        if self.loop:
            self.loop.close()

    # ---- What the two protocols' types differ in

    def tensor(self, name, array, datatype, binary=True):
        tensor = self.types.InferInput(name, list(array.shape), datatype)
        if self.is_grpc:
            tensor.set_data_from_numpy(array)
        else:
            tensor.set_data_from_numpy(array, binary_data=binary)
        return tensor

    def output(self, name, binary=True, **kwargs):
        if self.is_grpc:
            return self.types.InferRequestedOutput(name, **kwargs)
        return self.types.InferRequestedOutput(name, binary_data=binary, **kwargs)

    def encodings(self):
        """Whether tensors travel in binary: both ways over HTTP."""
        return (True,) if self.is_grpc else (True, False)

    def id_of(self, result):
        response = result.get_response()
        return response.id if self.is_grpc else response.get("id", "")
