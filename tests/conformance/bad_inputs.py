"""The table of bad inputs: what is sent over REST and over gRPC, and the answer due.

A case's `rest` is (method, path, body, headers); its `grpc` makes a ModelInferRequest from the stubs
(or is bytes, sent as they are). None: the protocol cannot express it. Numbers are rows of the list of
bad inputs that the answers come from.
"""

import json
import struct
from dataclasses import dataclass
from typing import Any

IA = "INVALID_ARGUMENT"
NOT_FOUND = "NOT_FOUND"
ROW = [0.5] * 10


@dataclass
class Case:
    row: int
    name: str
    rest: Any = None
    status: Any = 400
    grpc: Any = None
    code: Any = IA
    also_in_error: str = ""  # what the sentence has to name


def tensor(name="input", shape=(1, 10), datatype="FP32", data=tuple(ROW), **more):
    return {"name": name, "shape": list(shape), "datatype": datatype, "data": list(data), **more}


def post(path, body, headers=None):
    if not isinstance(body, (bytes, str)):
        body = json.dumps(body)
    return ("POST", path, body, headers or {})


def infer(model, *inputs, **top):
    return post(f"/v2/models/{model}/infer", {"inputs": list(inputs), **top})


def infer_text(text, model="linear"):
    return post(f"/v2/models/{model}/infer", text)


def data_text(data, model="linear", shape="[1,10]", datatype="FP32", name="input"):
    """An infer request whose `data` is this text, JSON or not."""
    return infer_text('{"inputs":[{"name":"%s","shape":%s,"datatype":"%s","data":%s}]}'
                      % (name, shape, datatype, data), model)


def predict(body, model="linear"):
    return post(f"/predict/{model}", body)


def binary(model, head, tail, length=None):
    head = json.dumps(head).encode()
    length = str(len(head)) if length is None else length
    return post(f"/v2/models/{model}/infer", head + tail, {"Inference-Header-Content-Length": length})


def g(model="linear", inputs=(), raw=(), outputs=(), version="", parameters=None):
    """inputs: (name, datatype, shape, {contents field: values})."""
    def make(pb):
        request = pb.ModelInferRequest(model_name=model, model_version=version)
        for name, datatype, shape, contents in inputs:
            entry = request.inputs.add(name=name, datatype=datatype, shape=shape)
            for field, values in contents.items():
                getattr(entry.contents, field).extend(values)
        request.raw_input_contents.extend(raw)
        for name in outputs:
            request.outputs.add(name=name)
        for key, (field, value) in (parameters or {}).items():
            setattr(request.parameters[key], field, value)
        return request
    return make


def row(datatype="FP32", shape=(1, 10), name="input", **contents):
    return (name, datatype, list(shape), contents or {"fp32_contents": ROW})


GOOD = tensor()
NESTED = "[" * 100_000
OBJECTS = '{"a":' * 100_000

CASES = [
    Case(1, "empty body, infer", infer_text(b""), grpc=lambda pb: pb.ModelInferRequest()),
    Case(1, "empty body, predict", predict(b"")),
    Case(2, "truncated", infer_text('{"inputs":[{"name":"input","sha')),
    Case(2, "not JSON", infer_text("hello")),
    Case(2, "trailing garbage", infer_text(json.dumps({"inputs": [GOOD]}) + "x")),
    Case(2, "two documents", infer_text(json.dumps({"inputs": [GOOD]}) * 2)),
    Case(2, "truncated, predict", predict('{"input":[[1,2')),
    Case(2, "trailing garbage, predict", predict(json.dumps({"input": [ROW]}) + "]")),
    Case(3, "an array on top", infer_text("[]")),
    Case(3, "a number on top, predict", predict("3")),
    Case(3, "no inputs", infer_text("{}"), grpc=g()),
    Case(3, "inputs is an object", infer_text('{"inputs":{"input":1}}')),
    Case(3, "an input is a number", infer_text('{"inputs":[3]}')),
    Case(3, "neither input nor inputs, predict", predict({"data": [ROW]}), also_in_error="input"),
    Case(3, "both input and inputs, predict", predict({"input": [ROW], "inputs": {"input": [ROW]}})),
    Case(4, "deep arrays in data", data_text(NESTED)),
    Case(4, "deep arrays, predict", predict('{"input":' + NESTED)),
    Case(4, "deep arrays, closed, predict", predict('{"input":' + NESTED + "]" * 100_000 + "}")),
    Case(4, "deep objects on top", infer_text(OBJECTS)),
    Case(4, "deep objects in parameters", infer_text('{"parameters":' + OBJECTS)),
    Case(4, "deep arrays in an ignored key", infer_text(
        '{"model_name":' + NESTED + "]" * 100_000 + ',"inputs":[' + json.dumps(GOOD) + "]}")),
    Case(4, "deep arrays, index", post("/v2/repository/index", '{"ready":' + NESTED)),
    Case(5, "NaN", data_text("[NaN" + ",1" * 9 + "]")),
    Case(5, "Infinity", data_text("[Infinity" + ",1" * 9 + "]")),
    Case(5, "-Infinity", data_text("[-Infinity" + ",1" * 9 + "]")),
    Case(5, "NaN, predict", predict('{"input":[[NaN' + ",1" * 9 + "]]}")),
    Case(6, "1e400 in FP32", data_text("[1e400" + ",1" * 9 + "]")),
    Case(6, "1e39 in FP32", data_text("[1e39" + ",1" * 9 + "]")),
    Case(6, "1e400, predict", predict('{"input":[[1e400' + ",1" * 9 + "]]}")),
    Case(6, "a fraction for INT64", data_text("[1.5]", "embedding", "[1,1]", "INT64", "ids")),
    Case(6, "2^63 for INT64", data_text("[9223372036854775808]", "embedding", "[1,1]", "INT64", "ids")),
    Case(6, "-1 for UINT8", data_text("[-1]", "echo", "[1]", "UINT8", "x")),
    Case(6, "300 for UINT8", data_text("[300]", "echo", "[1]", "UINT8", "x"),
         grpc=g("echo", [row("UINT8", [1], "x", uint_contents=[300])])),
    Case(6, "-129 for INT8", data_text("[-129]", "echo", "[1]", "INT8", "x"),
         grpc=g("echo", [row("INT8", [1], "x", int_contents=[-129])])),
    Case(7, "a string for a number", data_text('["a"' + ",1" * 9 + "]"),
         grpc=g(inputs=[row(bytes_contents=[b"a"] * 10)])),
    Case(7, "a bool for a number", data_text("[true" + ",1" * 9 + "]"),
         grpc=g(inputs=[row(bool_contents=[True] * 10)])),
    Case(7, "null for a number", data_text("[null" + ",1" * 9 + "]")),
    Case(7, "an object for a number", data_text("[{}" + ",1" * 9 + "]")),
    Case(7, "data is a string", data_text('"abc"')),
    Case(7, "a string, predict", predict('{"input":[["a"' + ",1" * 9 + "]]}")),
    Case(7, "null, predict", predict({"input": None})),
    Case(7, "a number for a bool", data_text("[1]", "echo", "[1]", "BOOL", "x")),
    Case(8, "invalid UTF-8", infer_text(b'{"inputs":[{"name":"\xff\xfe","shape":[1,10],"datatype":"FP32","data":[1]}]}'),
         grpc=b"\x0a\x02\xff\xfe", code=(IA, "INTERNAL")),
    Case(8, "a lone surrogate", data_text("[1]", name="\\ud800")),
    Case(8, "NUL in a name", data_text("[1]", name="in\\u0000put"), grpc=g(inputs=[row(name="in\0put")])),
    Case(8, "invalid UTF-8, predict", predict(b'{"in\xff":[[1]]}')),
    Case(9, "two keys `inputs`", infer_text('{"inputs":[%s],"inputs":[%s]}' % ((json.dumps(GOOD),) * 2))),
    Case(9, "two keys `shape`", infer_text(
        '{"inputs":[{"name":"input","shape":[1,10],"shape":[1,10],"datatype":"FP32","data":%s}]}' % ROW)),
    Case(9, "two keys `data`", infer_text(
        '{"inputs":[{"name":"input","shape":[1,10],"datatype":"FP32","data":%s,"data":%s}]}' % (ROW, ROW))),
    Case(9, "two keys `input`, predict", predict('{"input":[%s],"input":[%s]}' % (ROW, ROW))),
    Case(9, "one input twice", infer("linear", GOOD, GOOD), grpc=g(inputs=[row(), row()])),
    Case(9, "one output twice", infer("linear", GOOD, outputs=[{"name": "output"}] * 2),
         grpc=g(inputs=[row()], outputs=["output", "output"])),
    Case(10, "an unknown datatype", infer("linear", tensor(datatype="FLOAT")),
         grpc=g(inputs=[row("FLOAT")]), also_in_error="FLOAT"),
    Case(11, "another datatype than the model's", infer("linear", tensor(datatype="INT64", data=[1] * 10)),
         grpc=g(inputs=[row("INT64", int64_contents=[1] * 10)]), also_in_error="FP32"),
    Case(11, "floats for ids", infer("embedding", tensor("ids", [1, 2], "FP32", [1.0, 2.0])),
         grpc=g("embedding", [row("FP32", [1, 2], "ids", fp32_contents=[1, 2])])),
    Case(11, "fractions for ids, predict", predict({"input": [[1.5, 2]]}, "embedding")),
    Case(12, "FP16 in JSON is converted", infer("echo", tensor("x", [2], "FP16", [1.5, 2])), status=200,
         grpc=g("echo", [row("FP16", [2], "x", fp32_contents=[1.5, 2])])),
    Case(13, "a wrong dimension", infer("linear", tensor(shape=[1, 9], data=ROW[:9])),
         grpc=g(inputs=[row(shape=[1, 9], fp32_contents=ROW[:9])]), also_in_error="input"),
    Case(13, "a wrong dimension, predict", predict({"input": [ROW[:9]]})),
    Case(13, "a wrong rank", infer("digits", tensor("image", [8, 8], data=[1.0] * 64)),
         grpc=g("digits", [row(shape=[8, 8], name="image", fp32_contents=[1.0] * 64)])),
    Case(14, "a negative dimension", infer("linear", tensor(shape=[-1, 10])),
         grpc=g(inputs=[row(shape=[-1, 10])])),
    Case(15, "no rows", infer("linear", tensor(shape=[0, 10], data=[])), status=(200, 400),
         grpc=g(inputs=[("input", "FP32", [0, 10], {})], raw=[b""]), code=("OK", IA)),
    Case(15, "no rows, predict", predict({"input": []}), status=(200, 400)),
    Case(16, "2^32 x 2^32 elements", infer("echo", tensor("x", [2**32, 2**32], data=[1])),
         grpc=g("echo", [row(shape=[2**32, 2**32], name="x", fp32_contents=[1])])),
    Case(17, "2^61 elements of 8 bytes", infer("echo", tensor("x", [2**61], "FP64", [1])),
         grpc=g("echo", [row("FP64", [2**61], "x", fp64_contents=[1])])),
    Case(17, "a dimension above 2^63", data_text("[1]", "echo", "[99999999999999999999]", name="x")),
    Case(18, "huge shape, tiny data", infer("echo", tensor("x", [10**10], data=[1])),
         grpc=g("echo", [row(shape=[10**10], name="x", fp32_contents=[1])])),
    Case(18, "huge shape, tiny raw data", binary("echo", {"inputs": [
        {"name": "x", "shape": [10**10], "datatype": "FP32", "parameters": {"binary_data_size": 4}}]}, b"\0" * 4),
        grpc=g("echo", [("x", "FP32", [10**10], {})], raw=[b"\0" * 4])),
    Case(19, "an element too few", infer("linear", tensor(data=ROW[:9])),
         grpc=g(inputs=[row(fp32_contents=ROW[:9])])),
    Case(19, "an element too many", infer("linear", tensor(data=ROW + [1])),
         grpc=g(inputs=[row(fp32_contents=ROW + [1])])),
    Case(20, "ragged arrays", infer("echo", tensor("x", [2, 2], data=[[1, 2], [3]]))),
    Case(20, "ragged arrays, predict", predict({"input": [[1, 2], [3]]}, "echo")),
    Case(20, "a number beside an array, predict", predict({"input": [[1, 2], 3]}, "echo")),
    Case(21, "batches that differ", infer("add", tensor("a", [2, 3], data=[1] * 6), tensor("b", [3, 3], data=[1] * 9)),
         grpc=g("add", [row(shape=[2, 3], name="a", fp32_contents=[1] * 6),
                        row(shape=[3, 3], name="b", fp32_contents=[1] * 9)])),
    Case(22, "an input is missing", infer("add", tensor("a", [1, 3], data=[1] * 3)),
         grpc=g("add", [row(shape=[1, 3], name="a", fp32_contents=[1] * 3)]), also_in_error="b"),
    Case(22, "an unknown input", infer("linear", GOOD, tensor("extra")),
         grpc=g(inputs=[row(), row(name="extra")]), also_in_error="extra"),
    Case(22, "an unknown input, predict", predict({"inputs": {"input": [ROW], "extra": [1]}}), also_in_error="extra"),
    Case(23, "an unknown output", infer("linear", GOOD, outputs=[{"name": "nothing"}]),
         grpc=g(inputs=[row()], outputs=["nothing"]), also_in_error="nothing"),
    Case(24, "data and binary_data_size", binary("linear", {"inputs": [
        tensor(parameters={"binary_data_size": 40})]}, b"\0" * 40)),
    Case(25, "a header length that is text", binary("linear", {"inputs": [GOOD]}, b"", "abc")),
    Case(25, "a negative header length", binary("linear", {"inputs": [GOOD]}, b"", "-1")),
    Case(25, "a header length above the body's", binary("linear", {"inputs": [GOOD]}, b"", "100000")),
    Case(25, "a header length above 2^64", binary("linear", {"inputs": [GOOD]}, b"", "9" * 30)),
    *[Case(26, f"binary_data_size {size}", binary("linear", {"inputs": [
        {"name": "input", "shape": [1, 10], "datatype": "FP32", "parameters": {"binary_data_size": size}}]},
        b"\0" * tail)) for size, tail in [(-1, 40), (1.5, 40), (1e30, 40), (40, 39), (40, 41), (36, 36)]],
    Case(27, "binary_data_size without the header", infer("linear", {
        "name": "input", "shape": [1, 10], "datatype": "FP32", "parameters": {"binary_data_size": 40}})),
    Case(28, "BYTES that end early", binary("echo", {"inputs": [
        {"name": "x", "shape": [1], "datatype": "BYTES", "parameters": {"binary_data_size": 8}}]},
        struct.pack("<I", 100) + b"abcd"),
        grpc=g("echo", [("x", "BYTES", [1], {})], raw=[struct.pack("<I", 100) + b"abcd"])),
    Case(28, "fewer BYTES than elements", binary("echo", {"inputs": [
        {"name": "x", "shape": [2], "datatype": "BYTES", "parameters": {"binary_data_size": 5}}]},
        struct.pack("<I", 1) + b"a"),
        grpc=g("echo", [("x", "BYTES", [2], {})], raw=[struct.pack("<I", 1) + b"a"])),
    Case(29, "more raw contents than inputs", grpc=g(inputs=[("input", "FP32", [1, 10], {})], raw=[b"\0" * 40] * 2)),
    Case(29, "raw and typed contents", grpc=g(inputs=[row()], raw=[b"\0" * 40])),
    Case(30, "raw contents of another size", grpc=g(inputs=[("input", "FP32", [1, 10], {})], raw=[b"\0" * 39])),
    Case(41, "an unknown URL", ("GET", "/v2/nothing", None, {}), status=404),
    Case(41, "a wrong method", ("GET", "/v2/models/linear/infer", None, {}), status=405),
    Case(42, "an unknown model", infer("nobody", GOOD), status=404, grpc=g("nobody", [row()]), code=NOT_FOUND,
         also_in_error="nobody"),
    Case(42, "an unknown model, predict", predict({"input": [ROW]}, "nobody"), status=404),
    Case(42, "an unknown model, metadata", ("GET", "/v2/models/nobody", None, {}), status=404),
    Case(42, "an unknown model, ready", ("GET", "/v2/models/nobody/ready", None, {}), status=404),
    Case(43, "an unknown version", post("/v2/models/linear/versions/7/infer", {"inputs": [GOOD]}), status=404,
         grpc=g(inputs=[row()], version="7"), code=NOT_FOUND),
    Case(43, "a version that is no number", post("/v2/models/linear/versions/x/infer", {"inputs": [GOOD]}),
         grpc=g(inputs=[row()], version="x")),
    Case(43, "a version above 2^64", post("/v2/models/linear/versions/99999999999999999999/infer", {"inputs": [GOOD]}),
         status=(400, 404), grpc=g(inputs=[row()], version="9" * 20), code=(IA, NOT_FOUND)),
    *[Case(46, f"model name {name!r}", post(f"/v2/models/{quoted}/infer", {"inputs": [GOOD]}),
           grpc=g(name, [row()])) for name, quoted in [
        ("../x", "..%2fx"), ("..", "%2e%2e"), ("../../etc/passwd", "%2e%2e%2f%2e%2e%2fetc%2fpasswd"),
        ("/etc/passwd", "%2fetc%2fpasswd"), ("a/b", "a%2fb"), (" ", "%20"), ("linear\0", "linear%00"),
        ("a" * 4000, "a" * 4000)]],
    Case(46, "an empty model name", post("/v2/models//infer", {"inputs": [GOOD]}), status=(400, 404)),
    Case(55, "a negative timeout", infer("linear", GOOD, parameters={"timeout": -1}),
         grpc=g(inputs=[row()], parameters={"timeout": ("int64_param", -1)}), also_in_error="timeout"),
    Case(55, "a timeout that is text", infer("linear", GOOD, parameters={"timeout": "soon"}),
         grpc=g(inputs=[row()], parameters={"timeout": ("string_param", "soon")}), also_in_error="timeout"),
    Case(55, "parameters is an array", infer("linear", GOOD, parameters=[])),
    Case(59, "a message of noise", grpc=b"\xff" * 64, code=(IA, "INTERNAL")),
    Case(60, "an id outside the table", infer("embedding", tensor("ids", [1, 2], "INT64", [1, 50])),
         grpc=g("embedding", [row("INT64", [1, 2], "ids", int64_contents=[1, 50])])),
    Case(60, "an id outside the table, predict", predict({"input": [[1, -7]]}, "embedding")),
    Case(60, "a model that raises", infer("raises", tensor("x", [2], data=[1, -1])), status=(400, 500),
         grpc=g("raises", [row(shape=[2], name="x", fp32_contents=[1, -1])]), code=(IA, "INTERNAL")),
]
