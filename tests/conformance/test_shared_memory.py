"""Rows 24 and 49 to 54: shared memory that is off, missing, too small, or taken away, over REST and gRPC."""

import os
import random
import re
from contextlib import contextmanager
from multiprocessing import shared_memory

import grpc
import pytest

import harness
from checks import Usage, assert_has_not_grown, assert_serves, warm_up
from transports import Client, Infer, Tensor, encode, rest_outcome

SIZE = 4096
DATA = encode("FP32", [1.5, 2.5])


@pytest.fixture(scope="module")
def allowing(models):
    with harness.Server(models, "--allow-shared-memory") as server:
        yield server


@pytest.fixture(scope="module")
def ways(allowing, stubs):
    """{"rest": Rest, "grpc": Grpc}: the same calls over both."""
    client = Client(allowing, *stubs)
    warm_up(client)
    yield {"rest": Rest(allowing, client), "grpc": Grpc(allowing, client, stubs[0])}
    client.close()


@pytest.fixture(params=["rest", "grpc"])
def way(request, ways):
    chosen = ways[request.param]
    chosen.unregister("")
    yield chosen
    chosen.unregister("")
    assert_serves(chosen.client)


@contextmanager
def shared_object(size=SIZE):
    memory = shared_memory.SharedMemory(create=True, size=size)
    try:
        yield memory
    finally:
        memory.close()
        memory.unlink()


def key_of(memory):
    return "/" + memory.name.lstrip("/")


def place(region="r", offset=0, size=8):
    found = {"shared_memory_region": region, "shared_memory_offset": offset, "shared_memory_byte_size": size}
    return {key: value for key, value in found.items() if value is not None}


class Rest:
    codes = {"OK": 200, "INVALID_ARGUMENT": 400, "NOT_FOUND": 404, "ALREADY_EXISTS": 409, "UNIMPLEMENTED": 501}

    def __init__(self, server, client):
        self.server = server
        self.client = client

    def _answer(self, answer):
        name = next(name for name, code in self.codes.items() if code == answer.status)
        return name, "" if name == "OK" else answer.error

    def register(self, name, key, offset=0, size=SIZE, kind="system"):
        return self._answer(self.server.post(f"/v2/{kind}sharedmemory/region/{name}/register",
                                             {"key": key, "offset": offset, "byte_size": size}))

    def unregister(self, name, kind="system"):
        region = f"/region/{name}" if name else ""
        return self._answer(self.server.post(f"/v2/{kind}sharedmemory{region}/unregister"))

    def status(self, name="", kind="system"):
        region = f"/region/{name}" if name else ""
        answer = self.server.get(f"/v2/{kind}sharedmemory{region}/status")
        code, error = self._answer(answer)
        return code, {entry["name"]: entry for entry in answer.json} if code == "OK" else error

    def infer(self, source=None, target=None, data=None):
        entry = {"name": "x", "datatype": "FP32", "shape": [2]}
        if data is not None:
            entry["data"] = data
        if source is not None:
            entry["parameters"] = source
        message = {"inputs": [entry]}
        if target is not None:
            message["outputs"] = [{"name": "output", "parameters": target}]
        answer = self.server.post("/v2/models/echo/infer", message)
        code, error = self._answer(answer)
        if code == "OK" and target is None:
            assert rest_outcome(answer).outputs["output"][2] == DATA
        return code, error


class Grpc:
    def __init__(self, server, client, messages):
        self.server = server
        self.client = client
        self.messages = messages

    def _call(self, method, **fields):
        request = getattr(self.messages, method + "Request")(**fields)
        try:
            return "OK", getattr(self.client.stub, method)(request, timeout=30)
        except grpc.RpcError as error:
            return error.code().name, error.details()

    def register(self, name, key, offset=0, size=SIZE, kind="system"):
        if kind == "cuda":
            return self._call("CudaSharedMemoryRegister", name=name, byte_size=size)
        return self._call("SystemSharedMemoryRegister", name=name, key=key, offset=offset, byte_size=size)

    def unregister(self, name, kind="system"):
        return self._call(kind.capitalize() + "SharedMemoryUnregister", name=name)

    def status(self, name="", kind="system"):
        code, answer = self._call(kind.capitalize() + "SharedMemoryStatus", name=name)
        return code, dict(answer.regions) if code == "OK" else answer

    def infer(self, source=None, target=None, data=None):
        message = self.messages.ModelInferRequest(model_name="echo")
        entry = message.inputs.add(name="x", datatype="FP32", shape=[2])
        if data is not None:
            entry.contents.fp32_contents.extend(data)
        if source is not None:
            self._set(entry.parameters, source)
        if target is not None:
            self._set(message.outputs.add(name="output").parameters, target)
        outcome = self.client.call(message)
        if outcome.code == "OK" and target is None:
            assert outcome.outputs["output"][2] == DATA
        return outcome.code, outcome.error

    @staticmethod
    def _set(parameters, values):
        for key, value in values.items():
            if isinstance(value, str):
                parameters[key].string_param = value
            else:
                parameters[key].int64_param = value


def assert_refused(answer, code, says=""):
    assert answer[0] == code, answer
    assert harness.is_one_sentence(answer[1]), answer[1]
    assert answer[1][0].isupper() and answer[1].endswith("."), answer[1]
    assert re.search(says, answer[1]), answer[1]


def test_row49_off_unless_allowed(server, client, stubs):
    for off in (Rest(server, client), Grpc(server, client, stubs[0])):
        with shared_object() as memory:
            assert_refused(off.register("r", key_of(memory)), "UNIMPLEMENTED", "--allow-shared-memory")
        assert_refused(off.unregister(""), "UNIMPLEMENTED", "--allow-shared-memory")
        assert_refused(off.infer(place()), "UNIMPLEMENTED", "--allow-shared-memory")
        assert_refused(off.infer(None, place(), [1.5, 2.5]), "UNIMPLEMENTED", "--allow-shared-memory")
        assert off.status() == ("OK", {})
        assert "system_shared_memory" not in server.get("/v2").json["extensions"]
        assert_serves(client)


def test_announced_where_allowed(allowing):
    assert "system_shared_memory" in allowing.get("/v2").json["extensions"]


def test_row49_cuda_needs_a_gpu_build(way):
    assert_refused(way.register("r", "", kind="cuda"), "UNIMPLEMENTED", "without a GPU build")
    assert way.unregister("", kind="cuda")[0] == "OK"  # Triton's tools begin with it
    assert way.status(kind="cuda") == ("OK", {})
    assert_refused(way.status("r", kind="cuda"), "NOT_FOUND", "r")


def test_used_and_let_go(way):
    with shared_object() as memory:
        memory.buf[16:24] = DATA
        assert way.register("r", key_of(memory))[0] == "OK"
        assert way.infer(place(offset=16))[0] == "OK"
        assert way.infer(place(offset=16), place(offset=64, size=100))[0] == "OK"
        assert bytes(memory.buf[64:72]) == DATA
        assert list(way.status()[1]) == list(way.status("r")[1]) == ["r"]
        assert way.unregister("r")[0] == "OK"
        assert way.unregister("r")[0] == "OK"
        assert way.status() == ("OK", {})


def test_row50_unknown(way):
    assert_refused(way.infer(place("nothing")), "NOT_FOUND", "nothing")
    assert_refused(way.infer(None, place("nothing"), [1.5, 2.5]), "NOT_FOUND", "nothing")
    assert_refused(way.status("nothing"), "NOT_FOUND", "nothing")


@pytest.mark.parametrize("offset, size", [
    (0, SIZE + 1), (SIZE, 8), (SIZE - 4, 8), (2**63 - 1, 8), (2**63 - 8, 8), (0, 2**63 - 1), (8, 2**63 - 1),
    (-8, 8), (0, -8), (0, None), (0, 4), (0, 12), (0, 0)])
def test_row51_place_of_an_input(way, offset, size):
    with shared_object() as memory:
        assert way.register("r", key_of(memory))[0] == "OK"
        assert_refused(way.infer(place(offset=offset, size=size)), "INVALID_ARGUMENT")


@pytest.mark.parametrize("offset, size", [(0, SIZE + 1), (SIZE - 4, 8), (2**63 - 1, 8), (0, 2**63 - 1), (-8, 8),
                                          (0, -8), (0, None), (0, 7), (0, 0)])
def test_row51_place_of_an_output(way, offset, size):
    with shared_object() as memory:
        memory.buf[:] = b"\x5a" * SIZE
        assert way.register("r", key_of(memory))[0] == "OK"
        assert_refused(way.infer(None, place(offset=offset, size=size), [1.5, 2.5]), "INVALID_ARGUMENT")
        assert bytes(memory.buf) == b"\x5a" * SIZE


def test_row51_parameters_of_another_type(way):
    with shared_object() as memory:
        assert way.register("r", key_of(memory))[0] == "OK"
        for wrong in ({"shared_memory_region": 7}, {"shared_memory_offset": "0"}, {"shared_memory_byte_size": "8"},
                      {"shared_memory_size": 8}):
            assert_refused(way.infer(place() | wrong), "INVALID_ARGUMENT")


@pytest.mark.parametrize("key", ["", "/", "/..", "/../etc/passwd", "/a/b", "/sem.a", "/flambeau", "/a b",
                                 "/triton_python_backend_shm_region_0", "/" + "a" * 300])
def test_row52_bad_keys(way, key):
    assert_refused(way.register("r", key), "INVALID_ARGUMENT")
    assert way.status() == ("OK", {})


def test_row52_no_such_object(way):
    assert_refused(way.register("r", "/flame-that-is-not-there"), "NOT_FOUND")


@pytest.mark.parametrize("offset, size", [(0, SIZE + 1), (1, SIZE), (SIZE, 1), (2**63 - 1, 1), (1, 2**63 - 1), (0, 0)])
def test_row52_larger_than_the_object(way, offset, size):
    with shared_object() as memory:
        assert_refused(way.register("r", key_of(memory), offset, size), "INVALID_ARGUMENT")
        assert way.status() == ("OK", {})


def test_row52_unsigned_sizes_that_overflow(ways):
    with shared_object() as memory:
        for offset, size in [(2**64 - 1, 1), (2**64 - 8, 16), (8, 2**64 - 8), (0, 2**64 - 1)]:
            assert_refused(ways["grpc"].register("r", key_of(memory), offset, size), "INVALID_ARGUMENT")


def test_row53_registered_twice(way):
    with shared_object() as memory:
        assert way.register("r", key_of(memory))[0] == "OK"
        assert_refused(way.register("r", key_of(memory)), "ALREADY_EXISTS", "r")


def test_row54_shrunk_or_unlinked(way):
    with shared_object() as memory:
        memory.buf[0:8] = DATA
        assert way.register("r", key_of(memory))[0] == "OK"
        os.truncate("/dev/shm" + key_of(memory), 4)
        assert_refused(way.infer(place()), "INVALID_ARGUMENT", "smaller")
        assert_refused(way.infer(None, place(offset=64), [1.5, 2.5]), "INVALID_ARGUMENT", "smaller")
        os.truncate("/dev/shm" + key_of(memory), SIZE)
        memory.buf[0:8] = DATA
    assert way.infer(place())[0] == "OK"  # the name has gone, the object is still there


def test_row54_shrunk_while_in_use(way):
    chance = random.Random(54)
    with shared_object() as memory:
        assert way.register("r", key_of(memory))[0] == "OK"
        for _ in range(200):
            os.truncate("/dev/shm" + key_of(memory), chance.choice([0, 4, SIZE]))
            code, _error = way.infer(place(), place(offset=64, size=8))
            assert code in ("OK", "INVALID_ARGUMENT")
        os.truncate("/dev/shm" + key_of(memory), SIZE)


def test_row24_data_and_shared_memory(way):
    with shared_object() as memory:
        assert way.register("r", key_of(memory))[0] == "OK"
        assert_refused(way.infer(place(), data=[1.5, 2.5]), "INVALID_ARGUMENT")


def test_row29_inputs_in_shared_memory_take_no_raw_contents(ways, stubs):
    grpc_way = ways["grpc"]
    with shared_object() as memory:
        memory.buf[0:8] = DATA
        assert grpc_way.register("r29", key_of(memory))[0] == "OK"
        message = stubs[0].ModelInferRequest(model_name="add")
        shared = message.inputs.add(name="a", datatype="FP32", shape=[2])
        Grpc._set(shared.parameters, place("r29"))
        message.inputs.add(name="b", datatype="FP32", shape=[2])
        message.raw_input_contents.append(encode("FP32", [1.0, 1.0]))
        assert grpc_way.client.call(message).outputs["output"][2] == encode("FP32", [2.5, 3.5])
        message.raw_input_contents.append(DATA)
        assert_refused((grpc_way.client.call(message).code, grpc_way.client.call(message).error),
                       "INVALID_ARGUMENT", "raw_input_contents")
        assert grpc_way.unregister("r29")[0] == "OK"


def test_classification_does_not_go_there(way):
    with shared_object() as memory:
        assert way.register("r", key_of(memory))[0] == "OK"
        assert_refused(way.infer(None, place() | {"classification": 1}, [1.5, 2.5]), "INVALID_ARGUMENT")


def test_regions_are_bounded_and_given_back(ways):
    rest = ways["rest"]
    before = Usage(rest.server)
    with shared_object() as memory:
        codes = {rest.server.post(f"/v2/systemsharedmemory/region/r{number}/register",
                                  {"key": key_of(memory), "byte_size": 8}).status for number in range(300)}
        assert codes == {200, 429}
        assert rest.unregister("")[0] == "OK"
    assert_has_not_grown(rest.server, before)
