"""One inference request, four ways to send it: JSON and binary over REST, raw and typed over gRPC.

A request is described once (Infer, Tensor) and rendered for each; what comes back is an Outcome with
the same fields whichever way it went.
"""

import json
import struct
from dataclasses import dataclass, field
from typing import Any, Optional
from urllib.parse import quote

import grpc
import numpy

JSON, BINARY, RAW, TYPED = "json", "binary", "grpc-raw", "grpc-typed"
EVERY = (JSON, BINARY, RAW, TYPED)
BOTH_REST = (JSON, BINARY)
BOTH_GRPC = (RAW, TYPED)

NUMPY = {"BOOL": "?", "UINT8": "<u1", "UINT16": "<u2", "UINT32": "<u4", "UINT64": "<u8", "INT8": "<i1",
         "INT16": "<i2", "INT32": "<i4", "INT64": "<i8", "FP16": "<f2", "FP32": "<f4", "FP64": "<f8"}
CONTENTS = {"BOOL": "bool_contents", "INT8": "int_contents", "INT16": "int_contents",
            "INT32": "int_contents", "INT64": "int64_contents", "UINT8": "uint_contents",
            "UINT16": "uint_contents", "UINT32": "uint_contents", "UINT64": "uint64_contents",
            "FP32": "fp32_contents", "FP64": "fp64_contents", "BYTES": "bytes_contents"}

# What one status is on each transport.
HTTP_CODE = {"OK": 200, "INVALID_ARGUMENT": 400, "NOT_FOUND": 404, "UNAVAILABLE": 503, "INTERNAL": 500,
             "RESOURCE_EXHAUSTED": 429, "NO_MEMORY": 503, "DEADLINE_EXCEEDED": 504, "UNIMPLEMENTED": 501}
GRPC_CODE = {name: name for name in HTTP_CODE} | {"NO_MEMORY": "RESOURCE_EXHAUSTED"}


@dataclass(frozen=True)
class Tensor:
    name: str
    datatype: str
    shape: tuple
    data: Any = ()                      # flat; nested is allowed where only JSON is sent
    bytes: Optional[bytes] = None       # in place of what `data` gives, where bytes are sent
    contents: Optional[dict] = None     # in place of what `data` gives, where typed contents are sent
    parameters: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Infer:
    model: str = "linear"
    inputs: tuple = ()
    version: str = ""
    id: str = ""
    outputs: Optional[tuple] = None     # names
    parameters: dict = field(default_factory=dict)


@dataclass
class Outcome:
    code: Any                           # 400, or "INVALID_ARGUMENT" over gRPC
    error: str = ""
    headers: dict = field(default_factory=dict)
    model: str = ""
    version: str = ""
    id: str = ""
    outputs: dict = field(default_factory=dict)  # name -> (datatype, shape, bytes)


def encode(datatype, data):
    """The binary form of flat data."""
    if datatype == "BYTES":
        texts = [text.encode() if isinstance(text, str) else text for text in data]
        return b"".join(struct.pack("<I", len(text)) + text for text in texts)
    if datatype == "BF16":  # rounds to nearest even
        bits = numpy.array(data, "<f4").view("<u4").astype("<u8")
        return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype("<u2").tobytes()
    return numpy.array(data, NUMPY[datatype]).tobytes()


def decode(datatype, data):
    """Flat Python values of the binary form."""
    if datatype == "BF16":
        return (numpy.frombuffer(data, "<u2").astype("<u4") << 16).view("<f4").tolist()
    if datatype == "BYTES":
        texts = []
        while data:
            (length,) = struct.unpack_from("<I", data)
            texts.append(data[4:4 + length])
            data = data[4 + length:]
        return texts
    return numpy.frombuffer(data, NUMPY[datatype]).tolist()


def tensor_bytes(tensor):
    return encode(tensor.datatype, tensor.data) if tensor.bytes is None else tensor.bytes


class Client:
    """Sends to one server over every transport."""

    def __init__(self, server, messages, service):
        self.server = server
        self.messages = messages
        self.channel = grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}", options=[
            ("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)])
        self.stub = service.GRPCInferenceServiceStub(self.channel)

    def close(self):
        self.channel.close()

    def infer(self, request, transport, headers=None):
        send = {JSON: self._json, BINARY: self._binary, RAW: self._raw, TYPED: self._typed}[transport]
        return send(request, headers or {})

    # ---- REST ----

    def _json(self, request, headers):
        inputs = [self._json_input(tensor, {"data": tensor.data}) for tensor in request.inputs]
        body = json.dumps(self._json_message(request, inputs, None)).encode()
        return self._post(request, body, headers)

    def _binary(self, request, headers):
        binaries = [tensor_bytes(tensor) for tensor in request.inputs]
        inputs = []
        for tensor, binary in zip(request.inputs, binaries):
            parameters = {"binary_data_size": len(binary)} | tensor.parameters
            inputs.append(self._json_input(tensor, {"parameters": parameters}))
        text = json.dumps(self._json_message(request, inputs, True)).encode()
        headers = {"Inference-Header-Content-Length": str(len(text))} | headers
        return self._post(request, text + b"".join(binaries), headers)

    @staticmethod
    def _json_input(tensor, more):
        parameters = {"parameters": tensor.parameters} if tensor.parameters else {}
        return {"name": tensor.name, "shape": list(tensor.shape),
                "datatype": tensor.datatype} | parameters | more

    @staticmethod
    def _json_message(request, inputs, binary_output):
        message = {"inputs": inputs}
        if request.id:
            message["id"] = request.id
        parameters = dict(request.parameters)
        if binary_output is not None and "binary_data_output" not in parameters:
            parameters["binary_data_output"] = binary_output
        if parameters:
            message["parameters"] = parameters
        if request.outputs is not None:
            message["outputs"] = [{"name": name} for name in request.outputs]
        return message

    def _post(self, request, body, headers):
        version = f"/versions/{quote(request.version, safe='')}" if request.version else ""
        path = f"/v2/models/{quote(request.model, safe='')}{version}/infer"
        return rest_outcome(self.server.post(path, body, headers=headers))

    # ---- gRPC ----

    def message(self, request, raw):
        message = self.messages.ModelInferRequest(
            model_name=request.model, model_version=request.version, id=request.id)
        for key, value in request.parameters.items():
            set_parameter(message.parameters[key], value)
        for tensor in request.inputs:
            entry = message.inputs.add(name=tensor.name, datatype=tensor.datatype, shape=tensor.shape)
            for key, value in tensor.parameters.items():
                set_parameter(entry.parameters[key], value)
            if raw:
                message.raw_input_contents.append(tensor_bytes(tensor))
            else:
                self._set_contents(entry.contents, tensor)
        for name in request.outputs or ():
            message.outputs.add(name=name)
        return message

    @staticmethod
    def _set_contents(contents, tensor):
        chosen = tensor.contents
        if chosen is None:
            data = [text.encode() if isinstance(text, str) else text for text in tensor.data]
            chosen = {CONTENTS[tensor.datatype]: data}
        for name, values in chosen.items():
            getattr(contents, name).extend(values)

    def _raw(self, request, _headers):
        return self.call(self.message(request, raw=True))

    def _typed(self, request, _headers):
        return self.call(self.message(request, raw=False))

    def call(self, message, timeout=60):
        try:
            response = self.stub.ModelInfer(message, timeout=timeout)
        except grpc.RpcError as error:
            return Outcome(error.code().name, error.details())
        assert len(response.raw_output_contents) == len(response.outputs)
        outputs = {output.name: (output.datatype, tuple(output.shape), raw)
                   for output, raw in zip(response.outputs, response.raw_output_contents)}
        return Outcome("OK", model=response.model_name, version=response.model_version, id=response.id,
                       outputs=outputs)


def set_parameter(parameter, value):
    if isinstance(value, bool):
        parameter.bool_param = value
    elif isinstance(value, int):
        parameter.int64_param = value
    elif isinstance(value, float):
        parameter.double_param = value
    else:
        parameter.string_param = value


def rest_outcome(answer):
    """Reads an answer to an inference request; asserts that it is well formed."""
    headers = {name.lower(): value for name, value in answer.headers.items()}
    if answer.status != 200:
        assert headers["content-type"].split(";")[0] == "application/json", answer.body
        message = json.loads(answer.body)
        assert list(message) == ["error"], answer.body
        return Outcome(answer.status, message["error"], headers)
    length = headers.get("inference-header-content-length")
    text = answer.body if length is None else answer.body[:int(length)]
    rest = answer.body[len(text):]
    message = json.loads(text)
    outputs = {}
    for output in message["outputs"]:
        size = output.get("parameters", {}).get("binary_data_size")
        if size is None:
            binary = encode(output["datatype"], output["data"])
        else:
            binary, rest = rest[:size], rest[size:]
            assert len(binary) == size
        outputs[output["name"]] = (output["datatype"], tuple(output["shape"]), binary)
    assert not rest, "bytes after the last output"
    assert (length is None) == (headers["content-type"] == "application/json"), headers
    return Outcome(200, headers=headers, model=message["model_name"], version=message["model_version"],
                   id=message.get("id", ""), outputs=outputs)


def expected_code(status, transport):
    return (GRPC_CODE if transport in BOTH_GRPC else HTTP_CODE)[status]
