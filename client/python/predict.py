#!/usr/bin/env python3
"""Asks a Flambeau server over gRPC, with stubs generated from proto/ and nothing else.

    pip install grpcio grpcio-tools
    ./predict.py                                       # the demo model `digits`, one real digit
    ./predict.py --model linear --input '[[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]]'
"""

import argparse
import json
import os
import struct
import sys
import tempfile

import grpc

PROTO = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "proto")

# A handwritten 0 of scikit-learn's digits: one image, one channel, 8 x 8 pixels from 0 to 16.
DIGIT = [[[[0, 0, 5, 13, 9, 1, 0, 0],
           [0, 0, 13, 15, 10, 15, 5, 0],
           [0, 3, 15, 2, 0, 11, 8, 0],
           [0, 4, 12, 0, 0, 8, 8, 0],
           [0, 5, 8, 0, 0, 9, 8, 0],
           [0, 4, 11, 0, 1, 12, 7, 0],
           [0, 2, 14, 5, 10, 12, 0, 0],
           [0, 0, 6, 13, 10, 0, 0, 0]]]]  # fmt: skip

# The protocol's datatypes as struct writes them: little-endian, without padding.
FORMATS = {"BOOL": "?", "INT8": "b", "INT16": "h", "INT32": "i", "INT64": "q", "UINT8": "B",
           "UINT16": "H", "UINT32": "I", "UINT64": "Q", "FP16": "e", "FP32": "f", "FP64": "d"}  # fmt: skip


def load_stubs():
    """Generates the stubs into a temporary folder and imports them: (messages, services).

    A program of yours would generate them once, when it is built: see README.md.
    """
    from grpc_tools import protoc

    with tempfile.TemporaryDirectory() as out:
        arguments = ["protoc", f"-I{PROTO}", f"--python_out={out}", f"--grpc_python_out={out}"]
        if protoc.main([*arguments, "model_config.proto", "inference.proto"]) != 0:
            sys.exit(f"the stubs could not be generated from {PROTO}")
        sys.path.insert(0, out)
        import inference_pb2
        import inference_pb2_grpc

        sys.path.remove(out)
    return inference_pb2, inference_pb2_grpc


def shape_of(value):
    shape = []
    while isinstance(value, list):
        shape.append(len(value))
        value = value[0] if value else None
    return shape


def flatten(value):
    if not isinstance(value, list):
        return [value]
    return [element for part in value for element in flatten(part)]


def nest(elements, shape):
    if not shape:
        return elements[0]
    size = len(elements) // shape[0] if shape[0] else 0
    return [nest(elements[i * size:(i + 1) * size], shape[1:]) for i in range(shape[0])]


def infer(stub, messages, model, value):
    """Runs `model` on one input, given as nested lists; its outputs as {name: nested lists}."""
    metadata = stub.ModelMetadata(messages.ModelMetadataRequest(name=model), timeout=30)
    tensor = metadata.inputs[0]
    elements = flatten(value)
    request = messages.ModelInferRequest(model_name=model)
    request.inputs.add(name=tensor.name, datatype=tensor.datatype, shape=shape_of(value))
    request.raw_input_contents.append(
        struct.pack(f"<{len(elements)}{FORMATS[tensor.datatype]}", *elements))

    response = stub.ModelInfer(request, timeout=60)
    outputs = {}
    for output, raw in zip(response.outputs, response.raw_output_contents):
        code = FORMATS[output.datatype]
        elements = struct.unpack(f"<{len(raw) // struct.calcsize(code)}{code}", raw)
        outputs[output.name] = nest(elements, list(output.shape))
    return outputs


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", default="127.0.0.1:8001", help="the server's gRPC address")
    parser.add_argument("--model", default="digits")
    parser.add_argument("--input", help="nested lists in JSON; without it, one real digit")
    arguments = parser.parse_args()
    value = json.loads(arguments.input) if arguments.input else DIGIT

    messages, services = load_stubs()
    with grpc.insecure_channel(arguments.server) as channel:
        stub = services.GRPCInferenceServiceStub(channel)
        try:
            outputs = infer(stub, messages, arguments.model, value)
        except grpc.RpcError as error:
            sys.exit(f"{error.code().name}: {error.details()}")
    print(json.dumps({"model": arguments.model, "outputs": outputs}))


if __name__ == "__main__":
    main()
