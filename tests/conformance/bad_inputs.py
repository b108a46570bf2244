"""The table of bad inputs. Cases of one `row` show one rule.

INFER: requests that both protocols can say, each sent every way in `via`.
REST, GRPC: what only one of the two can say.
"""

import gzip
import json
import struct
import zlib
from dataclasses import dataclass, field
from typing import Any, Callable

from good_inputs import EIGHT, ROW
from transports import BINARY, BOTH_REST, EVERY, JSON, RAW, TYPED, Infer, Tensor


@dataclass(frozen=True)
class Case:
    row: int
    name: str
    request: Infer
    status: str = "INVALID_ARGUMENT"
    via: tuple = EVERY
    says: str = ""  # a pattern that the sentence must match


def linear(row, name, datatype="FP32", shape=(1, 10), data=None, **more):
    case = {key: more.pop(key) for key in ("status", "via", "says") if key in more}
    request = {key: more.pop(key) for key in ("version", "id", "outputs", "parameters", "model")
               if key in more}
    tensor = Tensor(more.pop("input", "input"), datatype, shape, ROW if data is None else data,
                    parameters=more.pop("input_parameters", {}), **more)
    return Case(row, name, Infer(inputs=(tensor,), **request), **case)


def echo(row, name, datatype, shape, data, **more):
    return linear(row, name, datatype, shape, data, model="echo", input="x", **more)


INPUT = Tensor("input", "FP32", (1, 10), ROW)
CONTROL_X = Tensor("x", "FP32", (1, 8), ROW[:8])
TEXT_X = Tensor("x", "FP32", (1,), [1.5])
ADD_A = Tensor("a", "FP32", (1, 2), [1.0, 2.0])
TIMES_OVER = 2**32

INFER = [
    Case(1, "no-inputs", Infer("linear"), says="input"),
    # Numbers
    echo(6, "int8-too-large", "INT8", (1,), [300], via=(JSON, TYPED), says="300|range|INT8"),
    echo(6, "int16-too-small", "INT16", (1,), [-40000], via=(JSON, TYPED)),
    echo(6, "uint8-too-large", "UINT8", (1,), [256], via=(JSON, TYPED)),
    echo(6, "uint16-too-large", "UINT16", (1,), [65536], via=(JSON, TYPED)),
    echo(6, "uint8-negative", "UINT8", (1,), [-1], via=(JSON,)),
    echo(6, "uint64-negative", "UINT64", (1,), [-1], via=(JSON,)),
    echo(6, "uint64-too-large", "UINT64", (1,), [2**64], via=(JSON,)),
    echo(6, "int64-too-large", "INT64", (1,), [2**63], via=(JSON,)),
    echo(6, "int64-fraction", "INT64", (2,), [1, 1.5], via=(JSON,)),
    echo(6, "fp16-too-large", "FP16", (1,), [1e6], via=(JSON,)),
    linear(6, "fp32-too-large", data=[1e39] + ROW[1:], via=(JSON,)),
    echo(7, "text-for-number", "FP32", (2,), [1.0, "2"], via=(JSON,)),
    echo(7, "bool-for-number", "FP32", (2,), [1.0, True], via=(JSON,)),
    echo(7, "null-for-number", "FP32", (2,), [1.0, None], via=(JSON,)),
    echo(7, "object-for-number", "INT64", (2,), [1, {"a": 1}], via=(JSON,)),
    echo(7, "number-for-bool", "BOOL", (2,), [True, 1], via=(JSON,)),
    echo(7, "number-for-text", "BYTES", (1,), [7], via=(JSON,)),
    echo(7, "contents-of-another-type", "FP32", (1,), [], contents={"int64_contents": [1]}, via=(TYPED,)),
    echo(7, "contents-of-two-types", "FP32", (1,), [],
         contents={"fp32_contents": [1.0], "int64_contents": [1]}, via=(TYPED,)),
    # Names
    linear(8, "nul-in-model-name", model="lin\0ear"),
    linear(8, "nul-in-input-name", input="in\0put"),
    Case(9, "same-input-twice", Infer("linear", (INPUT, INPUT)), says="input"),
    Case(9, "same-input-by-its-alias",
         Infer("linear", (INPUT, Tensor("INPUT__0", "FP32", (1, 10), ROW))), says="input"),
    linear(9, "same-output-twice", outputs=("output", "output"), says="output"),
    # Datatypes
    linear(10, "datatype-unknown", "FLOAT", bytes=bytes(40), contents={"fp32_contents": ROW},
           says="FLOAT"),
    linear(10, "datatype-lower-case", "fp32", bytes=bytes(40), contents={"fp32_contents": ROW},
           says="fp32"),
    linear(10, "datatype-empty", "", bytes=bytes(40), contents={"fp32_contents": ROW}),
    linear(11, "datatype-of-another-model", "BOOL", (1, 10), [True] * 10, says="BOOL|FP32"),
    linear(11, "text-for-a-tensor", "BYTES", (1, 10), ["a"] * 10),
    Case(11, "floats-for-ids", Infer("embedding", (Tensor("ids", "FP32", (1, 2), [1.0, 2.0]),)),
         says="FP32|INT64"),
    echo(12, "fp16-typed", "FP16", (1,), [], contents={"fp32_contents": [1.0]}, via=(TYPED,),
         says="raw_input_contents|FP16"),
    echo(12, "bf16-typed", "BF16", (1,), [], contents={"fp32_contents": [1.0]}, via=(TYPED,)),
    # Shapes
    linear(13, "last-dimension", shape=(1, 9), data=ROW[:9], says="input"),
    linear(13, "swapped", shape=(10, 1), says="input"),
    linear(13, "no-shape", shape=(), data=[1.0]),
    linear(14, "negative", shape=(-1, 10), says="shape|-1"),
    linear(14, "negative-twice", shape=(-1, -10), says="shape|-1"),
    echo(14, "most-negative", "FP32", (-2**63,), [1.0]),
    linear(15, "zero-columns", shape=(1, 0), data=[]),
    echo(15, "zero-times-overflow", "FP32", (0, 2**62, 2**62), [1.0]),
    echo(16, "product-overflows", "FP32", (TIMES_OVER, TIMES_OVER), [1.0]),
    echo(16, "product-overflows-to-right-count", "UINT8", (TIMES_OVER, TIMES_OVER), []),
    echo(16, "product-overflows-to-two", "FP32", (3, 6148914691236517205 + 1), [1.0, 2.0]),
    echo(17, "bytes-overflow", "FP64", (2**61,), []),
    echo(17, "bytes-overflow-to-right-size", "FP64", (2**61 + 1,), [1.0]),
    echo(18, "huge-shape", "FP32", (1_000_000_000, 100), [1.0]),
    linear(18, "huge-batch", shape=(1_000_000_000, 10)),
    linear(19, "fewer-elements", shape=(2, 10)),
    linear(19, "more-elements", data=ROW + [1.0]),
    linear(19, "no-elements", data=[]),
    echo(19, "text-count", "BYTES", (3,), ["a", "b"]),
    Case(19, "too-many-values-for-a-bool",
         Infer("control_flow", (Tensor("x", "FP32", (1, 8), EIGHT),
                                Tensor("use_second_layer", "BOOL", (2,), [True, False])))),
    Case(20, "ragged", Infer("linear", (Tensor("input", "FP32", (2, 10), [ROW, ROW[:9] + [[1.0]]]),)),
         via=(JSON,)),
    Case(20, "ragged-with-the-right-count",
         Infer("linear", (Tensor("input", "FP32", (2, 10), [ROW[:9], ROW + [1.0]]),)), via=(JSON,)),
    Case(21, "batch-differs", Infer("add", (Tensor("a", "FP32", (2, 3), [1.0] * 6),
                                            Tensor("b", "FP32", (3, 3), [1.0] * 9)))),
    # Inputs and outputs
    Case(22, "one-of-two", Infer("add", (Tensor("a", "FP32", (1, 2), [1.0, 2.0]),)), says="b"),
    Case(22, "one-more", Infer("linear", (INPUT, Tensor("other", "FP32", (1,), [1.0]))), says="other"),
    linear(22, "other-name", input="image", says="image|input"),
    linear(22, "no-name", input=""),
    linear(23, "output-unknown", outputs=("logits",), says="logits"),
    linear(23, "output-without-name", outputs=("",)),
    # Bytes
    linear(30, "half-an-element", "FP32", (1, 10), bytes=bytes(39), via=(BINARY, RAW)),
    linear(30, "too-few-bytes", bytes=bytes(36), via=(BINARY, RAW), says="36|40"),
    linear(30, "too-many-bytes", bytes=bytes(44), via=(BINARY, RAW), says="44|40"),
    linear(30, "no-bytes", bytes=b"", via=(BINARY, RAW)),
    Case(28, "text-past-the-end",
         Infer("text", (Tensor("x", "FP32", (1,), [1.0]),
                        Tensor("mode", "BYTES", (1,), bytes=struct.pack("<I", 1000) + b"abc"))),
         via=(BINARY, RAW)),
    Case(28, "text-length-overflows",
         Infer("text", (Tensor("x", "FP32", (1,), [1.0]),
                        Tensor("mode", "BYTES", (1,), bytes=b"\xff\xff\xff\xffabc"))),
         via=(BINARY, RAW)),
    Case(28, "text-without-length",
         Infer("text", (Tensor("x", "FP32", (1,), [1.0]),
                        Tensor("mode", "BYTES", (1,), bytes=b"abc"))), via=(BINARY, RAW)),
    Case(28, "two-texts-for-one",
         Infer("text", (Tensor("x", "FP32", (1,), [1.0]),
                        Tensor("mode", "BYTES", (1,), bytes=struct.pack("<I", 1) + b"a" +
                               struct.pack("<I", 1) + b"b"))), via=(BINARY, RAW)),
    Case(28, "text-is-not-utf-8",
         Infer("text", (Tensor("x", "FP32", (1,), [1.0]), Tensor("mode", "BYTES", (1,), [b"\xff\xfe"]))),
         via=(BINARY, RAW, TYPED)),
    echo(30, "bool-is-two", "BOOL", (2,), [], bytes=b"\x01\x02", via=(BINARY, RAW)),
    # Models and versions
    linear(42, "unknown-model", model="nothing", status="NOT_FOUND", says="nothing"),
    linear(43, "unknown-version", version="9", status="NOT_FOUND", says="9"),
    linear(43, "version-zero", version="0", status="NOT_FOUND"),
    linear(43, "version-is-a-word", version="latest", says="latest|version"),
    linear(43, "version-is-negative", version="-1"),
    linear(43, "version-is-a-fraction", version="1.0"),
    linear(43, "version-overflows", version="18446744073709551617", status=("NOT_FOUND", "INVALID_ARGUMENT")),
    linear(44, "model-that-did-not-load", model="broken", status="UNAVAILABLE", says="broken"),
    linear(46, "parent", model="../linear"),
    linear(46, "parent-of-parent", model="../../etc/passwd"),
    linear(46, "absolute", model="/etc/passwd"),
    linear(46, "slash", model="a/b"),
    linear(46, "dot", model="."),
    linear(46, "dots", model=".."),
    linear(46, "blank", model=" "),
    linear(46, "blanks", model="linear "),
    linear(46, "encoded-twice", model="%2e%2e%2flinear"),
    linear(46, "backslash", model="..\\linear"),
    linear(46, "long", model="a" * 10_000),
    linear(46, "not-ascii", model="lin\u00e9aire"),
    linear(46, "line-break", model="linear\r\nX-Injected: 1"),
    linear(46, "link-out-of-the-directory", model="outside", status="UNAVAILABLE", says="link"),
    # Parameters
    linear(55, "timeout-negative", parameters={"timeout": -1}, says="timeout"),
    linear(55, "timeout-is-text", parameters={"timeout": "soon"}, says="timeout"),
    linear(55, "timeout-is-bool", parameters={"timeout": True}, says="timeout"),
    linear(55, "timeout-is-a-fraction", parameters={"timeout": 1.5}, says="timeout"),
    linear(55, "priority-negative", parameters={"priority": -1}, says="priority"),
    linear(55, "priority-is-text", parameters={"priority": "high"}, says="priority"),
    linear(55, "headers-is-reserved", parameters={"headers": "a"}, says="headers"),
    linear(55, "triton-keys-are-reserved", parameters={"triton_mine": "a"}, says="triton_mine"),
    linear(55, "sequence-start-is-a-number", parameters={"sequence_start": 1}, says="sequence"),
    linear(55, "sequences-are-not-served", parameters={"sequence_id": 1}, status="UNIMPLEMENTED",
           says="sequence"),
    Case(55, "parameter-of-an-argument-is-text", Infer("control_flow", (CONTROL_X,), parameters={
        "use_second_layer": "yes"}), says="'use_second_layer' is an argument of the model and must be true or false"),
    Case(55, "parameter-of-an-argument-is-a-number", Infer("text", (TEXT_X,), parameters={
        "mode": 1}), says="'mode' is an argument of the model and must be a string"),
    Case(55, "parameter-is-no-tensor", Infer("add", (ADD_A,), parameters={"b": 1}), says="'b' is missing"),
    linear(55, "binary-output-is-text", parameters={"binary_data_output": "yes"}, via=BOTH_REST,
           says="binary_data_output"),
    # The model itself says no
    Case(60, "id-past-the-table", Infer("embedding", (Tensor("ids", "INT64", (1, 2), [3, 50]),)),
         says="50|range|index"),
    Case(60, "id-negative", Infer("embedding", (Tensor("ids", "INT64", (1, 2), [3, -1]),))),
    Case(60, "shapes-do-not-add", Infer("add", (Tensor("a", "FP32", (1, 2), [1.0, 2.0]),
                                                Tensor("b", "FP32", (1, 3), [1.0, 2.0, 3.0])))),
    Case(60, "model-raises", Infer("raises", (Tensor("x", "FP32", (1, 2), [1.0, -2.0]),)),
         says="negative"),
    Case(61, "no-memory-for-the-model", Infer("hog", (Tensor("x", "FP32", (1, 2), [1.0, 2.0]),)),
         status="NO_MEMORY"),
]


# ---- What only REST can say ----

@dataclass(frozen=True)
class RestCase:
    row: int
    name: str
    body: bytes = b""
    path: str = "/v2/models/linear/infer"
    method: str = "POST"
    headers: dict = field(default_factory=dict)
    code: Any = 400
    has_headers: tuple = ()  # names that the answer must carry


GOOD_INPUT = {"name": "input", "shape": [1, 10], "datatype": "FP32", "data": ROW}


def infer_with(**change):
    """A good message with fields of its input changed (None: removed)."""
    entry = {key: value for key, value in (GOOD_INPUT | change).items() if value is not None}
    return json.dumps({"inputs": [entry]}).encode()


def message_with(**change):
    return json.dumps({"inputs": [GOOD_INPUT]} | change).encode()


GOOD_BODY = message_with()
INFER_PATH = "/v2/models/linear/infer"
PREDICT = "/predict/linear"
INDEX = "/v2/repository/index"
DEEP = 100_000


def deep(opening, closing=""):
    return opening * DEEP + closing * DEEP


def binary(size=40, data=bytes(40), header=None, also=None):
    """A binary request whose parts may disagree."""
    entry = {"name": "input", "shape": [1, 10], "datatype": "FP32",
             "parameters": {"binary_data_size": size}} | (also or {})
    text = json.dumps({"inputs": [entry]}).encode()
    return {"body": text + data,
            "headers": {"Inference-Header-Content-Length": str(len(text)) if header is None else header}}


MALFORMED = [
    ("truncated", GOOD_BODY[:-5]), ("trailing-garbage", GOOD_BODY + b"x"),
    ("two-messages", GOOD_BODY + GOOD_BODY), ("half-word", b"tru"), ("open", b"{"), ("open-text", b'{"inputs'),
    ("single-quotes", b"{'inputs': []}"), ("trailing-comma", b'{"inputs": [],}'),
    ("comment", b'{"inputs": [] /* none */}'), ("words", b"hello"), ("nul-byte", b"\0"),
    ("number-with-zero", GOOD_BODY.replace(b"0.5", b"00.5")), ("number-with-plus", GOOD_BODY.replace(b"0.5", b"+0.5")),
    ("number-in-hexadecimal", GOOD_BODY.replace(b"0.5", b"0x5")),
    ("control-character-in-text", b'{"inputs": "a\nb"}'), ("form", b"input=1&x=2"),
]

REST = [
    *[RestCase(1, f"empty-body-{name}", path=path)
      for name, path in [("infer", INFER_PATH), ("predict", PREDICT)]],
    RestCase(1, "blank-body", b"  \n"),
    *[RestCase(2, f"{name}-{where}", body, path) for name, body in MALFORMED
      for where, path in [("infer", INFER_PATH), ("predict", PREDICT), ("index", INDEX)]],
    *[RestCase(3, f"{name}-{where}", text, path)
      for name, text in [("array", b"[]"), ("number", b"1"), ("text", b'"x"'), ("null", b"null"),
                         ("true", b"true")]
      for where, path in [("infer", INFER_PATH), ("predict", PREDICT), ("index", INDEX)]],
    RestCase(3, "no-inputs", b"{}"),
    RestCase(3, "inputs-is-an-object", message_with(inputs={})),
    RestCase(3, "inputs-is-null", message_with(inputs=None)),
    RestCase(3, "inputs-is-text", message_with(inputs="input")),
    RestCase(3, "input-is-text", message_with(inputs=["input"])),
    RestCase(3, "input-is-null", message_with(inputs=[None])),
    RestCase(3, "outputs-is-an-object", message_with(outputs={})),
    RestCase(3, "output-is-text", message_with(outputs=["output"])),
    RestCase(3, "parameters-is-an-array", message_with(parameters=[])),
    RestCase(3, "id-is-a-number", message_with(id=7)),
    RestCase(3, "no-shape", infer_with(shape=None)),
    RestCase(3, "shape-is-text", infer_with(shape="1,10")),
    RestCase(3, "shape-of-text", infer_with(shape=["1", "10"])),
    RestCase(3, "shape-of-fractions", infer_with(shape=[1.0, 10.5])),
    RestCase(3, "shape-overflows", infer_with(shape=[1, 2**70])),
    RestCase(3, "no-datatype", infer_with(datatype=None)),
    RestCase(3, "datatype-is-a-number", infer_with(datatype=1)),
    RestCase(3, "no-name", infer_with(name=None)),
    RestCase(3, "name-is-a-number", infer_with(name=1)),
    RestCase(3, "no-data", infer_with(data=None)),
    RestCase(3, "data-is-text", infer_with(data="0.5")),
    RestCase(3, "data-is-an-object", infer_with(data={"0": 0.5})),
    RestCase(3, "predict-without-input", b"{}", PREDICT),
    RestCase(3, "predict-other-key", b'{"data": [[1]]}', PREDICT),
    RestCase(3, "predict-both", json.dumps({"input": [ROW], "inputs": {"input": [ROW]}}).encode(), PREDICT),
    RestCase(3, "predict-extra-key", json.dumps({"input": [ROW], "colour": 1}).encode(), PREDICT),
    RestCase(3, "predict-inputs-is-an-array", json.dumps({"inputs": [ROW]}).encode(), PREDICT),
    RestCase(3, "predict-input-for-two", b'{"input": [[1, 2]]}', "/predict/add"),
    RestCase(3, "index-ready-is-text", b'{"ready": "yes"}', INDEX),
    *[RestCase(4, f"{name}-{where}", text.encode(), path) for name, text, where, path in [
        ("arrays", deep("["), "infer", INFER_PATH),
        ("objects", deep('{"a":'), "infer", INFER_PATH),
        ("closed-arrays", deep("[", "]"), "infer", INFER_PATH),
        ("data", '{"inputs":[{"name":"input","shape":[1,10],"datatype":"FP32","data":' + deep("[", "]") + "}]}",
         "infer", INFER_PATH),
        ("parameters", '{"inputs":[],"parameters":{"a":' + deep("[", "]") + "}}", "infer", INFER_PATH),
        ("input-parameters", '{"inputs":[{"name":"input","parameters":' + deep('{"a":', "}").replace(":}", ":1}", 1)
         + "}]}", "infer", INFER_PATH),
        ("unknown-key", '{"unknown":' + deep("[", "]") + "}", "infer", INFER_PATH),
        ("shape", '{"inputs":[{"name":"input","shape":' + deep("[", "]") + "}]}", "infer", INFER_PATH),
        ("input", '{"input":' + deep("[", "]") + "}", "predict", PREDICT),
        ("unclosed-input", '{"input":' + deep("["), "predict", PREDICT),
        ("inputs", '{"inputs":{"input":' + deep("[", "]") + "}}", "predict", PREDICT),
        ("arrays", deep("["), "index", INDEX),
        ("key", '{"a":' + deep("[", "]") + "}", "index", INDEX)]],
    *[RestCase(5, f"{word}-{where}", body.encode(), path)
      for word in ("NaN", "Infinity", "-Infinity", "nan", "inf")
      for where, body, path in [
          ("infer", GOOD_BODY.decode().replace("0.5", word), INFER_PATH),
          ("predict", json.dumps({"input": [ROW]}).replace("0.5", word), PREDICT)]],
    *[RestCase(6, f"1e400-{where}", body.replace("0.5", "1e400").encode(), path)
      for where, body, path in [("infer", GOOD_BODY.decode(), INFER_PATH),
                                ("predict", json.dumps({"input": [ROW]}), PREDICT)]],
    RestCase(6, "predict-fp32-too-large", b'{"input": [[1e39, 1, 1, 1, 1, 1, 1, 1, 1, 1]]}', PREDICT),
    RestCase(6, "predict-fraction-for-ids", b'{"input": [[1.5]]}', "/predict/embedding"),
    RestCase(7, "predict-text", b'{"input": [["1", 2, 3, 4, 5, 6, 7, 8, 9, 10]]}', PREDICT),
    RestCase(7, "predict-mixed", b'{"input": [[true, 2, 3, 4, 5, 6, 7, 8, 9, 10]]}', PREDICT),
    RestCase(7, "predict-null", b'{"input": null}', PREDICT),
    RestCase(7, "predict-object", b'{"input": {"a": 1}}', PREDICT),
    RestCase(7, "predict-number-for-bool",
             json.dumps({"inputs": {"x": [EIGHT], "use_second_layer": 1}}).encode(), "/predict/control_flow"),
    RestCase(7, "predict-array-for-bool",
             json.dumps({"inputs": {"x": [EIGHT], "use_second_layer": [True]}}).encode(),
             "/predict/control_flow"),
    RestCase(8, "invalid-utf-8-in-name", GOOD_BODY.replace(b'"input"', b'"\xff\xfe"')),
    RestCase(8, "invalid-utf-8-in-id", message_with(id="ID").replace(b"ID", b"\xc3\x28")),
    RestCase(8, "overlong-utf-8", message_with(id="ID").replace(b"ID", b"\xc0\xaf")),
    RestCase(8, "lone-surrogate-in-name", GOOD_BODY.replace(b'"input"', b'"\\ud800"')),
    RestCase(8, "lone-surrogate-in-id", message_with(id="ID").replace(b"ID", b"\\udc00")),
    RestCase(8, "nul-in-input-name", GOOD_BODY.replace(b'"input"', b'"input\\u0000"')),
    RestCase(8, "predict-invalid-utf-8", b'{"inputs": {"x": [1.0], "mode": "\xff"}}', "/predict/text"),
    RestCase(8, "bom-utf-16", b"\xff\xfe{\0}\0"),
    RestCase(9, "key-twice", GOOD_BODY[:-1] + b', "inputs": []}'),
    RestCase(9, "id-twice", GOOD_BODY[:-1] + b', "id": "a", "id": "b"}'),
    RestCase(9, "data-twice", GOOD_BODY.replace(b'"data"', b'"data": [], "data"')),
    RestCase(9, "shape-twice", GOOD_BODY.replace(b'"shape"', b'"shape": [1, 10], "shape"')),
    RestCase(9, "name-twice", GOOD_BODY.replace(b'"name"', b'"name": "input", "name"')),
    RestCase(9, "parameter-twice", GOOD_BODY[:-1] + b', "parameters": {"timeout": 5, "timeout": 6}}'),
    RestCase(9, "escaped-key-twice", GOOD_BODY[:-1] + b', "i\\u006eputs": []}'),
    RestCase(9, "predict-key-twice", b'{"input": [[1]], "input": [[1]]}', PREDICT),
    RestCase(9, "predict-input-twice", b'{"inputs": {"a": [1], "a": [1], "b": [1]}}', "/predict/add"),
    RestCase(13, "predict-columns", b'{"input": [[1, 2, 3]]}', PREDICT),
    RestCase(13, "predict-scalar", b'{"input": 1}', PREDICT),
    RestCase(13, "predict-no-rows-of-none", b'{"input": [[]]}', PREDICT),
    RestCase(20, "predict-ragged", b'{"input": [[1, 2, 3], [1, 2]]}', PREDICT),
    RestCase(20, "predict-mixed-depth", b'{"input": [[1, 2], 3]}', PREDICT),
    RestCase(22, "predict-missing", b'{"inputs": {"a": [[1, 2]]}}', "/predict/add"),
    RestCase(22, "predict-extra", b'{"inputs": {"a": [1], "b": [1], "c": [1]}}', "/predict/add"),
    RestCase(24, "data-and-size", infer_with(parameters={"binary_data_size": 40})),
    RestCase(24, "data-and-bytes", **binary(also={"data": ROW})),
    *[RestCase(25, f"header-{name}", **binary(header=header)) for name, header in [
        ("text", "abc"), ("negative", "-1"), ("plus", "+10"), ("past-the-end", "10000"),
        ("over-int32", "4294967296"), ("over-int64", "99999999999999999999"), ("fraction", "10.5"),
        ("hexadecimal", "0x10"), ("empty", ""), ("short", "10")]],
    *[RestCase(25, f"raw-{name}", body, f"/v2/models/{model}/infer",
               headers={"Inference-Header-Content-Length": "0"}) for name, model, body in [
        ("of-two-inputs", "add", bytes(8)), ("half-an-element", "linear", bytes(39)), ("empty", "linear", b""),
        ("not-a-row", "linear", bytes(44)), ("of-unknown-shape", "echo", bytes(4)), ("json", "linear", GOOD_BODY)]],
    *[RestCase(26, f"size-{name}", **binary(size=size)) for name, size in [
        ("negative", -1), ("fraction", 40.5), ("float", 40.0), ("text", "40"), ("bool", True), ("null", None),
        ("overflow", 2**64), ("over-int64", 2**63), ("wraps", 2**64 - 40), ("short", 36), ("extra", 44)]],
    RestCase(26, "bytes-left-over", **binary(data=bytes(41))),
    RestCase(26, "bytes-missing", **binary(data=bytes(39))),
    RestCase(26, "no-bytes", **binary(data=b"")),
    RestCase(27, "no-header", binary()["body"]),
    RestCase(27, "no-header-no-bytes", binary(data=b"")["body"]),
    RestCase(28, "text-count", json.dumps({"inputs": [
        {"name": "x", "shape": [1], "datatype": "FP32", "data": [1.0]},
        {"name": "mode", "shape": [2], "datatype": "BYTES", "data": ["double"]}]}).encode(),
             "/v2/models/text/infer"),
    RestCase(36, "gzip-bomb", gzip.compress(b" " * (200 << 20)), headers={"Content-Encoding": "gzip"}, code=413),
    RestCase(37, "gzip-corrupt", b"\x1f\x8b\x08\x00corrupt", headers={"Content-Encoding": "gzip"}),
    RestCase(37, "gzip-truncated", gzip.compress(GOOD_BODY)[:-1], headers={"Content-Encoding": "gzip"}),
    RestCase(37, "gzip-and-rubbish", gzip.compress(GOOD_BODY) + b"rubbish", headers={"Content-Encoding": "gzip"}),
    RestCase(37, "deflate-without-zlib", zlib.compress(GOOD_BODY)[2:-4], headers={"Content-Encoding": "deflate"}),
    RestCase(38, "content-encoding-unknown", GOOD_BODY, headers={"Content-Encoding": "br"}, code=415,
             has_headers=("accept-encoding",)),
    RestCase(38, "content-encoding-list", GOOD_BODY, headers={"Content-Encoding": "identity, zip"}, code=415,
             has_headers=("accept-encoding",)),
    *[RestCase(41, f"unknown-url-{number}", path=path, method="GET", code=404)
      for number, path in enumerate(["/nothing", "/v2/nothing", "/v2/models", "/v1/models/linear",
                                     "/v2/models/linear/infer/more", "/predict/linear/1/2", "/v3"])],
    *[RestCase(41, f"wrong-method-{method}-{number}", path=path, method=method, code=405,
               has_headers=("allow",))
      for number, (method, path) in enumerate([
          ("GET", INFER_PATH), ("GET", PREDICT), ("PUT", PREDICT), ("DELETE", "/v2/models/linear"),
          ("POST", "/v2"), ("POST", "/v2/health/live"), ("GET", INDEX), ("PATCH", "/predict"),
          ("POST", "/metrics")])],
    RestCase(42, "predict-unknown-model", b'{"input": [[1]]}', "/predict/nothing", code=404),
    RestCase(42, "metadata-unknown-model", path="/v2/models/nothing", method="GET", code=404),
    RestCase(42, "ready-unknown-model", path="/v2/models/nothing/ready", method="GET", code=404),
    RestCase(43, "predict-unknown-version", b'{"input": [[1]]}', "/predict/linear/9", code=404),
    RestCase(43, "predict-version-is-a-word", b'{"input": [[1]]}', "/predict/linear/latest"),
    RestCase(43, "metadata-unknown-version", path="/v2/models/linear/versions/9", method="GET", code=404),
    RestCase(43, "metadata-version-is-a-word", path="/v2/models/linear/versions/a", method="GET"),
    RestCase(44, "predict-model-that-did-not-load", b'{"input": [[1]]}', "/predict/broken", code=503),
    RestCase(44, "metadata-of-it", path="/v2/models/broken", method="GET", code=503),
    RestCase(45, "ready-of-it", path="/v2/models/broken/ready", method="GET", code=503),
    *[RestCase(46, f"{where}-{name}", GOOD_BODY, path.format(model), method, code=code)
      for name, model, code in [
          ("parent", "..%2flinear", 400), ("encoded-dots", "%2e%2e%2flinear", 400),
          ("upper-case", "%2E%2E%2Flinear", 400), ("absolute", "%2fetc%2fpasswd", 400),
          ("blank", "%20", 400), ("nul", "linear%00", 400), ("bad-escape", "lin%zzear", 400),
          ("half-escape", "linear%2", 400), ("not-utf-8", "%ff%fe", 400), ("dots", "%2e%2e", 400),
          ("backslash", "..%5clinear", 400)]
      for where, path, method in [("infer", "/v2/models/{}/infer", "POST"), ("metadata", "/v2/models/{}", "GET"),
                                  ("ready", "/v2/models/{}/ready", "GET"), ("predict", "/predict/{}", "POST")]],
    RestCase(46, "empty-name", GOOD_BODY, "/v2/models//infer", code=(400, 404)),
    RestCase(46, "dots-in-path", GOOD_BODY, "/v2/models/../models/linear/infer", code=(400, 404)),
    *[RestCase(55, f"classification-{name}", message_with(
        outputs=[{"name": "output", "parameters": {"classification": count}}])) for name, count in [
        ("zero", 0), ("negative", -1), ("text", "3"), ("fraction", 1.5), ("bool", True), ("overflow", 2**64)]],
    RestCase(55, "shared-memory-of-the-request", message_with(parameters={"shared_memory_region": "r"})),
    RestCase(55, "predict-parameter-unknown", json.dumps(
        {"input": [ROW], "parameters": {"colour": "blue"}}).encode(), PREDICT),
    RestCase(55, "parameter-is-an-object", message_with(parameters={"x": {"y": 1}})),
    RestCase(55, "parameter-is-an-array", message_with(parameters={"x": [1]})),
    RestCase(55, "parameter-is-null", message_with(parameters={"timeout": None})),
    RestCase(55, "timeout-overflows", message_with(parameters={"timeout": 2**70})),
    RestCase(55, "output-binary-is-text", message_with(
        outputs=[{"name": "output", "parameters": {"binary_data": "yes"}}])),
    RestCase(55, "predict-timeout-is-text", json.dumps(
        {"input": [ROW], "parameters": {"timeout": "soon"}}).encode(), PREDICT),
    RestCase(60, "predict-id-past-the-table", b'{"input": [[50]]}', "/predict/embedding"),
    RestCase(60, "predict-model-raises", b'{"input": [-1.0]}', "/predict/raises"),
    RestCase(61, "predict-no-memory", b'{"input": [1.0]}', "/predict/hog", code=503),
]


# ---- What only gRPC can say ----

@dataclass(frozen=True)
class GrpcCase:
    row: int
    name: str
    change: Callable  # changes a good ModelInferRequest, or returns another
    code: Any = "INVALID_ARGUMENT"


def _both_contents(message):
    message.inputs[0].contents.fp32_contents.extend(ROW)


def _parameter_without_value(message):
    message.parameters["timeout"].SetInParent()


GRPC = [
    GrpcCase(1, "empty-message", lambda message: message.Clear()),
    GrpcCase(29, "one-raw-too-many", lambda message: message.raw_input_contents.append(b"")),
    GrpcCase(29, "no-raw-no-contents", lambda message: message.ClearField("raw_input_contents")),
    GrpcCase(29, "raw-and-contents", _both_contents),
    GrpcCase(29, "raw-without-inputs", lambda message: message.ClearField("inputs")),
    GrpcCase(55, "parameter-without-value", _parameter_without_value),
    *[GrpcCase(55, f"classification-{count}", lambda message, count=count: setattr(
        message.outputs.add(name="output").parameters["classification"], "int64_param", count)) for count in (0, -1)],
    GrpcCase(55, "classification-is-text", lambda message: setattr(
        message.outputs.add(name="output").parameters["classification"], "string_param", "3")),
    GrpcCase(55, "shared-memory-of-the-request", lambda message: setattr(
        message.parameters["shared_memory_region"], "string_param", "r")),
    GrpcCase(55, "timeout-over-int64",
             lambda message: setattr(message.parameters["timeout"], "uint64_param", 2**64 - 1)),
]
