"""Every datatype through tritonclient and back: triton_round_trips.py http|grpc PORT. Exits 0 if all
came back equal; the models are those of test_round_trips.py."""

import json
import sys

import ml_dtypes
import numpy
import tritonclient.utils.shared_memory as shm
from tritonclient.utils import InferenceServerException

transport, port = sys.argv[1:]
if transport == "http":
    import tritonclient.http as triton
else:
    import tritonclient.grpc as triton

DATATYPES = {"BOOL": bool, "UINT8": "u1", "UINT16": "u2", "UINT32": "u4", "UINT64": "u8", "INT8": "i1",
             "INT16": "i2", "INT32": "i4", "INT64": "i8", "FP16": "f2", "FP32": "f4", "FP64": "f8"}
client = triton.InferenceServerClient(f"127.0.0.1:{port}")
checked = 0


def infer(model, datatype, array, binary):
    entry = triton.InferInput("x", list(array.shape), datatype)
    if transport == "http":
        entry.set_data_from_numpy(array, binary_data=binary)
        outputs = [triton.InferRequestedOutput("output", binary_data=binary)]
    else:
        entry.set_data_from_numpy(array)
        outputs = [triton.InferRequestedOutput("output")]
    return client.infer(model, [entry], outputs=outputs, request_id="7")


def check(got, wanted):
    global checked
    assert got.shape == wanted.shape and (got == wanted).all(), (got, wanted)
    checked += 1


for datatype, kind in DATATYPES.items():
    array = numpy.array([[0, 1, 1], [1, 0, 100]]).astype(kind)
    for binary in (True, False):
        if not binary and datatype == "FP16":
            continue  # which tritonclient itself refuses
        check(infer("echo", datatype, array, binary).as_numpy("output"), array)
array = numpy.array([[0.5, -2], [1, 3]], ml_dtypes.bfloat16)
check(infer("echo", "BF16", array, True).as_numpy("output"), array)
texts = numpy.array([b"a", b"", "\u00fc".encode()], dtype=object)
for binary in (True, False):
    got = infer("texts", "BYTES", texts, binary).as_numpy("output")
    check(numpy.array([t if isinstance(t, bytes) else t.encode() for t in got], dtype=object), texts)

# Shared memory, inputs and outputs.
client.unregister_system_shared_memory()
client.unregister_cuda_shared_memory()
source = shm.create_shared_memory_region("in", "/triton-round-trips-in", 24)
target = shm.create_shared_memory_region("out", "/triton-round-trips-out", 24)
try:
    array = numpy.arange(6, dtype="f4").reshape(2, 3)
    shm.set_shared_memory_region(source, [array])
    client.register_system_shared_memory("in", "/triton-round-trips-in", 24)
    client.register_system_shared_memory("out", "/triton-round-trips-out", 24)
    status = client.get_system_shared_memory_status()
    names = {entry["name"] for entry in status} if transport == "http" else set(status.regions)
    assert names == {"in", "out"}, status
    entry = triton.InferInput("x", [2, 3], "FP32")
    entry.set_shared_memory("in", 24)
    output = triton.InferRequestedOutput("output")
    output.set_shared_memory("out", 24)
    result = client.infer("echo", [entry], outputs=[output])
    shape = result.get_output("output")["shape"] if transport == "http" else result.get_output("output").shape
    check(shm.get_contents_as_numpy(target, numpy.float32, list(shape)), array)
    try:
        client.register_system_shared_memory("in", "/triton-round-trips-in", 24)
        raise AssertionError("registered twice")
    except InferenceServerException as error:
        assert error.status() in ("409", "StatusCode.ALREADY_EXISTS"), error.status()
    client.unregister_system_shared_memory("in")
    client.unregister_system_shared_memory()
    try:
        client.infer("echo", [entry], outputs=[output])
        raise AssertionError("used when unregistered")
    except InferenceServerException as error:
        assert error.status() in ("404", "StatusCode.NOT_FOUND"), error.status()
finally:
    shm.destroy_shared_memory_region(source)
    shm.destroy_shared_memory_region(target)

# Classification
entry = triton.InferInput("x", [2, 3], "FP32")
entry.set_data_from_numpy(numpy.array([[0.5, 3.5, 1], [4, 4, -1]], "f4"))
output = triton.InferRequestedOutput("output", class_count=2)
got = client.infer("echo", [entry], outputs=[output]).as_numpy("output")
check(got, numpy.array([[b"3.500000:1", b"1.000000:2"], [b"4.000000:0", b"4.000000:1"]], dtype=object))

print(json.dumps({"checked": checked}))
