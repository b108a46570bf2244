"""Whatever a tensor is and whichever way it is sent, an identity model gives it back bit for bit."""

import json
import os
import random
import struct
import subprocess
import sys
import warnings
from contextlib import contextmanager
from multiprocessing import shared_memory
from typing import List, Optional, Tuple

import grpc
import harness
import numpy
import pytest
import torch
from torch import Tensor

warnings.filterwarnings("ignore")

HERE = os.path.dirname(os.path.abspath(__file__))
SEED = 20260411
CASES_EACH = 12
NUMPY = {"BOOL": "?", "UINT8": "<u1", "UINT16": "<u2", "UINT32": "<u4", "UINT64": "<u8", "INT8": "<i1",
         "INT16": "<i2", "INT32": "<i4", "INT64": "<i8", "FP16": "<f2", "BF16": "<u2", "FP32": "<f4",
         "FP64": "<f8"}
CONTENTS = {"BOOL": "bool_contents", "INT8": "int_contents", "INT16": "int_contents",
            "INT32": "int_contents", "INT64": "int64_contents", "UINT8": "uint_contents",
            "UINT16": "uint_contents", "UINT32": "uint_contents", "UINT64": "uint64_contents",
            "FP32": "fp32_contents", "FP64": "fp64_contents", "BYTES": "bytes_contents"}


class Echo(torch.nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x


class Texts(torch.nn.Module):
    def forward(self, x: List[str]) -> List[str]:
        return x


class Text(torch.nn.Module):
    def forward(self, x: str) -> str:
        return x


class Lists(torch.nn.Module):
    def forward(self, flags: List[bool], counts: List[int], weights: Optional[List[float]] = None
                ) -> Tuple[Tensor, Tensor, Tensor]:
        if weights is None:
            weights = [-1.0]
        return torch.tensor(flags), torch.tensor(counts), torch.tensor(weights)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    directory = tmp_path_factory.mktemp("identity-models")
    for name, model in [("echo", Echo()), ("texts", Texts()), ("text", Text()), ("lists", Lists())]:
        torch.jit.save(torch.jit.script(model.eval()), str(directory / f"{name}.pt"))
    with harness.Server(directory, "--allow-shared-memory") as running:
        yield running


@pytest.fixture(scope="module")
def stub(server, stubs):
    with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel:
        yield stubs[1].GRPCInferenceServiceStub(channel)


# ---- Random tensors: (datatype, shape, the binary form)

def random_shape(chance, datatype):
    if datatype == "BYTES":
        return (chance.choice([0, 1, 2, 5]),)
    rank = chance.randrange(5)
    return tuple(chance.choice([0, 1, 1, 2, 3, 4]) for _ in range(rank))


def random_text(chance):
    letters = ["a", "Z", " ", "\"", "\\", "/", "\n", "\x01", "\u00fc", "\u20ac", "\U0001f525", "</script>"]
    return "".join(chance.choice(letters) for _ in range(chance.choice([0, 1, 3, 20]))).encode()


def pack_texts(texts):
    return b"".join(struct.pack("<I", len(text)) + text for text in texts)


def unpack_texts(data):
    texts = []
    while data:
        (length,) = struct.unpack_from("<I", data)
        texts.append(data[4:4 + length])
        data = data[4 + length:]
    return texts


def is_finite(datatype, bits):
    if datatype == "BF16":
        return numpy.isfinite((bits.astype("<u4") << 16).view("<f4"))
    return numpy.isfinite(bits) if datatype[:2] == "FP" else numpy.ones(bits.shape, bool)


def random_bytes(chance, datatype, shape, finite):
    count = int(numpy.prod(shape, dtype=numpy.int64))
    if datatype == "BYTES":
        return pack_texts([random_text(chance) for _ in range(count)])
    if datatype == "BOOL":
        return bytes(chance.randrange(2) for _ in range(count))
    kind = numpy.dtype(NUMPY[datatype])
    bits = numpy.frombuffer(chance.randbytes(count * kind.itemsize), kind).copy()
    if finite:
        bits[~is_finite(datatype, bits)] = 0
    return bits.tobytes()


def elements(datatype, data):
    """What JSON and typed contents carry."""
    if datatype == "BYTES":
        return unpack_texts(data)
    array = numpy.frombuffer(data, NUMPY[datatype])
    if datatype == "BF16":
        array = (array.astype("<u4") << 16).view("<f4")
    return array.tolist()


def from_json(datatype, values):
    if datatype == "BYTES":
        return pack_texts([text.encode() for text in values])
    if datatype == "BF16":  # the shortest text of a BF16 is not its exact value: round
        bits = numpy.array(values, "<f4").view("<u4").astype("<u8")
        return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype("<u2").tobytes()
    return numpy.array(values, NUMPY[datatype]).tobytes()


# ---- Ways to send one: each gives (datatype, shape, the binary form) of the answer

def head(datatype, shape):
    return {"name": "x", "datatype": datatype, "shape": list(shape)}


def checked(answer):
    assert answer.status == 200, answer.body
    return answer


def by_json(server, model, datatype, shape, data):
    values = elements(datatype, data)
    if datatype == "BYTES":
        values = [text.decode() for text in values]
    answer = checked(server.post(f"/v2/models/{model}/infer",
                                 {"inputs": [head(datatype, shape) | {"data": values}]}))
    output = answer.json["outputs"][0]
    return output["datatype"], tuple(output["shape"]), from_json(output["datatype"], output["data"])


def by_binary(server, model, datatype, shape, data):
    entry = head(datatype, shape) | {"parameters": {"binary_data_size": len(data)}}
    text = json.dumps({"inputs": [entry], "parameters": {"binary_data_output": True}}).encode()
    answer = checked(server.post(f"/v2/models/{model}/infer", text + data,
                                 headers={"Inference-Header-Content-Length": str(len(text))}))
    length = int(answer.headers.get("Inference-Header-Content-Length", len(answer.body)))
    output = json.loads(answer.body[:length])["outputs"][0]
    binary = answer.body[length:]
    assert output["parameters"]["binary_data_size"] == len(binary)
    return output["datatype"], tuple(output["shape"]), binary


def message_of(messages, model, datatype, shape):
    message = messages.ModelInferRequest(model_name=model)
    return message, message.inputs.add(name="x", datatype=datatype, shape=shape)


def read_response(response):
    assert len(response.outputs) == len(response.raw_output_contents) == 1
    output = response.outputs[0]
    return output.datatype, tuple(output.shape), response.raw_output_contents[0]


def by_grpc_raw(stub, messages, model, datatype, shape, data):
    message, _ = message_of(messages, model, datatype, shape)
    message.raw_input_contents.append(data)
    return read_response(stub.ModelInfer(message, timeout=60))


def by_grpc_typed(stub, messages, model, datatype, shape, data):
    message, entry = message_of(messages, model, datatype, shape)
    getattr(entry.contents, CONTENTS[datatype]).extend(elements(datatype, data))
    return read_response(stub.ModelInfer(message, timeout=60))


OUTPUT_PLACE = 4096  # where outputs go in the object; inputs lie before, at 64


@contextmanager
def region(server, name):
    memory = shared_memory.SharedMemory(create=True, size=2 * OUTPUT_PLACE)
    try:
        checked(server.post(f"/v2/systemsharedmemory/region/{name}/register",
                            {"key": "/" + memory.name, "offset": 0, "byte_size": memory.size}))
        yield memory
    finally:
        server.post(f"/v2/systemsharedmemory/region/{name}/unregister")
        memory.close()
        memory.unlink()


def place(name, offset, size):
    return {"shared_memory_region": name, "shared_memory_offset": offset, "shared_memory_byte_size": size}


def by_shared_memory(server, memory, model, datatype, shape, data):
    memory.buf[64:64 + len(data)] = data
    answer = checked(server.post(f"/v2/models/{model}/infer", {
        "inputs": [head(datatype, shape) | {"parameters": place("r", 64, len(data))}],
        "outputs": [{"name": "output", "parameters": place("r", OUTPUT_PLACE, OUTPUT_PLACE)}]}))
    output = answer.json["outputs"][0]
    assert "data" not in output
    assert output["parameters"] == place("r", OUTPUT_PLACE, len(data)) | {"binary_data_size": 0}
    return output["datatype"], tuple(output["shape"]), bytes(memory.buf[OUTPUT_PLACE:OUTPUT_PLACE + len(data)])


def by_grpc_shared_memory(stub, messages, memory, model, datatype, shape, data):
    memory.buf[64:64 + len(data)] = data
    message, entry = message_of(messages, model, datatype, shape)
    output = message.outputs.add(name="output")
    for parameters, offset, size in [(entry.parameters, 64, len(data)),
                                     (output.parameters, OUTPUT_PLACE, OUTPUT_PLACE)]:
        parameters["shared_memory_region"].string_param = "r"
        parameters["shared_memory_offset"].int64_param = offset
        parameters["shared_memory_byte_size"].int64_param = size
    response = stub.ModelInfer(message, timeout=60)
    assert list(response.raw_output_contents) == [b""]
    written = response.outputs[0].parameters["shared_memory_byte_size"].int64_param
    return (response.outputs[0].datatype, tuple(response.outputs[0].shape),
            bytes(memory.buf[OUTPUT_PLACE:OUTPUT_PLACE + written]))


@pytest.mark.parametrize("datatype", [*NUMPY, "BYTES"])
def test_every_way_gives_the_same_tensor(server, stub, stubs, datatype):
    chance = random.Random(f"{SEED}-{datatype}")
    model = "texts" if datatype == "BYTES" else "echo"
    with region(server, "r") as memory:
        for number in range(CASES_EACH):
            shape = random_shape(chance, datatype)
            for finite in (True, False):
                data = random_bytes(chance, datatype, shape, finite)
                ways = {"binary": lambda: by_binary(server, model, datatype, shape, data),
                        "raw": lambda: by_grpc_raw(stub, stubs[0], model, datatype, shape, data),
                        "shared": lambda: by_shared_memory(server, memory, model, datatype, shape, data),
                        "grpc-shared": lambda: by_grpc_shared_memory(stub, stubs[0], memory, model, datatype,
                                                                     shape, data)}
                if finite:
                    ways["json"] = lambda: by_json(server, model, datatype, shape, data)
                if finite and datatype in CONTENTS:
                    ways["typed"] = lambda: by_grpc_typed(stub, stubs[0], model, datatype, shape, data)
                for way, send in ways.items():
                    assert send() == (datatype, shape, data), f"case {number} by {way}"


def test_a_str_comes_back(server, stub, stubs):
    chance = random.Random(SEED)
    for _ in range(20):
        data = pack_texts([random_text(chance)])
        for answer in (by_json(server, "text", "BYTES", (1,), data),
                       by_binary(server, "text", "BYTES", (1,), data),
                       by_grpc_raw(stub, stubs[0], "text", "BYTES", (1,), data),
                       by_grpc_typed(stub, stubs[0], "text", "BYTES", (1,), data)):
            assert answer == ("BYTES", (1,), data)


def test_predict_takes_lists(server):
    assert server.predict("texts", ["a", "", "\u00fc"]) == ["a", "", "\u00fc"]
    assert server.predict("texts", []) == []
    answer = server.post("/predict/lists", {"inputs": {"flags": [True, False], "counts": [3, -4]}})
    assert answer.json == {"outputs": [[True, False], [3, -4], [-1.0]]}, answer.body
    answer = server.post("/predict/lists", {"inputs": {"flags": [], "counts": [1], "weights": [0.5, 2]}})
    assert answer.json["outputs"][2] == [0.5, 2.0], answer.body
    answer = server.post("/predict/lists", {"inputs": {"flags": [1], "counts": [1]}})
    assert answer.status == 400 and "'flags'" in answer.error, answer.body


def test_metadata_shows_lists(server):
    entries = {entry["name"]: entry for entry in server.metadata("lists")["inputs"]}
    assert entries["flags"] == {"name": "flags", "datatype": "BOOL", "shape": [-1]}
    assert entries["counts"]["datatype"] == "INT64"
    assert server.metadata("texts")["inputs"] == [{"name": "x", "datatype": "BYTES", "shape": [-1]}]


def test_not_finite_json(server):
    data = struct.pack("<3f", float("nan"), float("inf"), float("-inf"))
    entry = head("FP32", (3,)) | {"parameters": {"binary_data_size": len(data)}}
    text = json.dumps({"inputs": [entry]}).encode()
    answer = checked(server.post("/v2/models/echo/infer", text + data,
                                 headers={"Inference-Header-Content-Length": str(len(text))}))
    assert b'"data":[NaN,Infinity,-Infinity]' in answer.body
    answer = server.post("/v2/models/echo/infer",
                         json.dumps({"inputs": [head("FP32", (1,)) | {"data": [float("nan")]}]}))
    assert answer.status == 400 and "binary" in answer.error, answer.body


def test_tritonclient(server):
    """Its own idea of every datatype, of shared memory and of classification."""
    for transport, port in [("http", server.http_port), ("grpc", server.grpc_port)]:
        result = subprocess.run([sys.executable, os.path.join(HERE, "triton_round_trips.py"), transport, str(port)],
                                capture_output=True, text=True, timeout=harness.PATIENCE, check=False)
        assert result.returncode == 0, result.stdout + result.stderr
        assert json.loads(result.stdout)["checked"] >= 14 * 2
