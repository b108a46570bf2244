"""Every kind of argument and result, by /predict, REST (JSON and binary) and gRPC (raw and typed)."""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import harness
import pytest

from good_inputs import Good, wanted_bytes
from transports import BINARY, BOTH_GRPC, EVERY, JSON, RAW, Infer, Tensor, expected_code

HERE = os.path.dirname(os.path.abspath(__file__))


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    directory = str(tmp_path_factory.mktemp("value-models"))
    subprocess.run([sys.executable, os.path.join(HERE, "value_models.py"), directory], check=True)
    with harness.Server(directory) as running:
        yield running


def fp32(name, data, shape=None):
    return Tensor(name, "FP32", (len(data),) if shape is None else shape, data)


def one(name, datatype, value):
    return Tensor(name, datatype, (1,), [value])


def many(name, datatype, values):
    return Tensor(name, datatype, (len(values),), values)


def case(name, model, inputs, outputs, sent, answer, method="forward"):
    parameters = {} if method == "forward" else {"method": method}
    return Good(name, Infer(model, tuple(inputs), parameters=parameters), outputs, predict=sent, answer=answer)


X = fp32("x", [1.0, 2.0])


def scalars(name, more, inputs, answer):
    return case(f"scalars-{name}", "scalars", [X, one("negate", "BOOL", more.get("negate", False)), *inputs],
                {"output": ("FP32", (2,), answer)}, {"inputs": {"x": [1.0, 2.0], "negate": False} | more},
                {"output": answer})


def result(method, outputs, answer, data=(1.0, 2.0)):
    return case(f"result-{method}-{data[0]}", "results", [fp32("x", list(data))], outputs,
                {"input": list(data)}, answer, method)


GOOD = [
    scalars("defaults", {}, [], [2.5, 3.0]),
    scalars("bool", {"negate": True}, [], [-2.5, -3.0]),
    scalars("int", {"count": 3}, [one("count", "INT64", 3)], [3.5, 4.0]),
    scalars("int32", {"count": 0}, [one("count", "INT32", 0)], [0.5, 1.0]),
    scalars("float", {"scale": 2.0}, [one("scale", "FP64", 2.0)], [4.0, 6.0]),
    scalars("float-of-an-integer", {"scale": 2}, [one("scale", "INT64", 2)], [4.0, 6.0]),
    scalars("float-fp32", {"scale": 1.5}, [one("scale", "FP32", 1.5)], [3.5, 5.0]),
    scalars("str", {"mode": "twice"}, [one("mode", "BYTES", "twice")], [5.0, 6.0]),
    scalars("optional", {"offset": 0.5}, [one("offset", "FP64", 0.5)], [3.0, 3.5]),
    scalars("optional-null", {"offset": None}, [], [2.5, 3.0]),
    case("scalar-lists", "scalar_lists",
         [X, many("flags", "BOOL", [True, False]), many("steps", "INT64", [1, 2]), many("weights", "FP64", [2.0, 3.0])],
         {"result.y": ("FP32", (2,), [3.0, 5.0])},
         {"inputs": {"x": [1.0, 2.0], "flags": [True, False], "steps": [1, 2], "weights": [2.0, 3.0]}},
         {"outputs": {"y": [3.0, 5.0]}}),
    case("optional-list-of-str", "scalar_lists",
         [X, many("flags", "BOOL", []), many("steps", "INT64", []), many("weights", "FP64", []),
          many("names", "BYTES", ["a", "b c"])],
         {name: ("FP32", (2,), [1.0, 2.0]) for name in ("result.y", "result.a", "result.b c")},
         {"inputs": {"x": [1.0, 2.0], "flags": [], "steps": [], "weights": [], "names": ["a", "b c"]}},
         {"outputs": {"y": [1.0, 2.0], "a": [1.0, 2.0], "b c": [1.0, 2.0]}}),
    case("list-of-tensors", "tensor_list", [fp32("images[1]", [3.0]), fp32("images[0]", [1.0, 2.0])],
         {"result[0]": ("FP32", (2,), [2.0, 4.0]), "result[1]": ("FP32", (1,), [6.0])},
         {"input": [[1.0, 2.0], [3.0]]}, {"outputs": [[2.0, 4.0], [6.0]]}),
    case("list-of-no-tensors", "tensor_list", [fp32("images", [])], {}, {"input": []}, {"outputs": []}),
    case("dict-of-tensors-and-ints", "tensor_dict",
         [fp32("features.a", [1.0]), fp32("features.b.c", [2.0]), one("counts.a", "INT64", 4)],
         {"result.a": ("FP32", (1,), [5.0]), "result.b.c": ("FP32", (1,), [2.0])},
         {"inputs": {"features": {"a": [1.0], "b.c": [2.0]}, "counts": {"a": 4}}},
         {"outputs": {"a": [5.0], "b.c": [2.0]}}),
    case("tuple", "tensor_tuple", [fp32("pair[0]", [1.0, 2.0]), one("pair[1]", "INT64", 3)],
         {"result[0]": ("FP32", (2,), [3.0, 6.0]), "result[1]": ("INT64", (1,), [4])},
         {"input": [[1.0, 2.0], 3]}, {"outputs": [[3.0, 6.0], 4]}),
    case("optional-tuple", "tensor_tuple",
         [fp32("pair[0]", [1.0, 2.0]), one("pair[1]", "INT64", 3), fp32("bias[0]", [0.5]), one("bias[1]", "BOOL", True)],
         {"result[0]": ("FP32", (2,), [3.5, 6.5]), "result[1]": ("INT64", (1,), [4])},
         {"inputs": {"pair": [[1.0, 2.0], 3], "bias": [[0.5], True]}}, {"outputs": [[3.5, 6.5], 4]}),
    case("named-tuple", "named", [fp32("batch.ids", [1.0, 2.0]), one("batch.scale", "FP64", 0.5)],
         {"result.scores": ("FP32", (2,), [0.5, 1.0]), "result.label": ("BYTES", (1,), ["best"])},
         {"input": {"ids": [1.0, 2.0], "scale": 0.5}}, {"outputs": {"scores": [0.5, 1.0], "label": "best"}}),
    case("named-tuple-as-array", "named", [fp32("INPUT__0.ids", [1.0]), one("INPUT__0.scale", "FP64", 2.0)],
         {"result.scores": ("FP32", (1,), [2.0]), "result.label": ("BYTES", (1,), ["best"])},
         {"input": [[1.0], 2.0]}, {"outputs": {"scores": [2.0], "label": "best"}}),
    case("nested", "nested",
         [fp32("groups[0].a", [1.0]), fp32("groups[0].b", [2.0]), fp32("groups[1].b", [4.0]),
          fp32("groups[1].a", [3.0]), fp32("boxes.left[0]", [1.0]), one("boxes.left[1]", "FP64", 2.0),
          fp32("batch.ids", [0.5]), one("batch.scale", "FP64", 3.0)],
         {"result[0][0]": ("FP32", (1,), [3.0]), "result[0][1]": ("FP32", (1,), [7.0]),
          "result[1].left[0]": ("FP32", (1,), [6.5]), "result[1].left[1]": ("INT64", (1,), [4])},
         {"inputs": {"groups": [{"a": [1.0], "b": [2.0]}, {"a": [3.0], "b": [4.0]}],
                     "boxes": {"left": [[1.0], 2.0]}, "batch": {"ids": [0.5], "scale": 3.0}}},
         {"outputs": [[[3.0], [7.0]], {"left": [[6.5], 4]}]}),
    result("forward", {"output": ("FP32", (), [3.0])}, {"output": 3.0}),
    result("flag", {"output": ("BOOL", (1,), [True])}, {"output": True}),
    result("whole", {"output": ("INT64", (1,), [2])}, {"output": 2}),
    result("real", {"output": ("FP64", (1,), [3.0])}, {"output": 3.0}),
    result("text", {"output": ("BYTES", (1,), ["positive"])}, {"output": "positive"}),
    result("text", {"output": ("BYTES", (1,), ["dünn"])}, {"output": "dünn"}, (-1.0,)),
    result("texts", {"output": ("BYTES", (3,), ["a", "", "c"])}, {"output": ["a", "", "c"]}),
    result("nothing", {}, {"output": None}),
    result("maybe", {"output": ("FP32", (2,), [2.0, 4.0])}, {"output": [2.0, 4.0]}),
    result("maybe", {}, {"output": None}, (-1.0,)),
    result("mixed", {"result[0]": ("FP32", (2,), [1.0, 2.0]), "result[2][0]": ("INT64", (1,), [1]),
                     "result[2][1]": ("INT64", (1,), [2]), "result[3].half": ("FP64", (1,), [0.5]),
                     "result[4].scores": ("FP32", (2,), [1.0, 2.0]), "result[4].label": ("BYTES", (1,), ["b"])},
           {"outputs": [[1.0, 2.0], None, [1, 2], {"half": 0.5}, {"scores": [1.0, 2.0], "label": "b"}]}),
]

PAIR = [fp32("pair[0]", [1.0]), one("pair[1]", "INT64", 3)]
BAD = {
    "int-is-a-float": ("scalars", [X, one("negate", "BOOL", True), one("count", "FP32", 1.5)], "'count' must be one int"),
    "bool-is-a-number": ("scalars", [X, one("negate", "INT64", 1)], "'negate' must be one bool"),
    "str-is-a-number": ("scalars", [X, one("negate", "BOOL", True), one("mode", "INT64", 1)], "'mode' must be one str"),
    "scalar-of-two": ("scalars", [X, many("negate", "BOOL", [True, True])], "'negate' must be one bool"),
    "required-is-missing": ("scalars", [X], "'negate' is missing"),
    "list-of-another": ("scalar_lists", [X, many("flags", "BOOL", [True]), many("steps", "BYTES", ["a"]),
                                         many("weights", "FP64", [1.0])], "'steps' must be a list of int"),
    "part-is-missing": ("tensor_tuple", PAIR[:1], r"'pair\[1\]' is missing: send its elements as 'pair\[0\]' and"),
    "part-of-another-type": ("tensor_tuple", [PAIR[0], one("pair[1]", "FP32", 1.5)], r"'pair\[1\]' must be one int"),
    "part-unknown": ("tensor_tuple", [*PAIR, one("pair[2]", "INT64", 1)], r"no input 'pair\[2\]'"),
    "list-has-a-gap": ("tensor_list", [fp32("images[1]", [1.0])], r"'images\[0\]' is missing"),
    "list-without-elements-of-its-own": ("tensor_list", [fp32("images", [1.0])], r"send its elements as 'images\[0\]'"),
    "field-unknown": ("named", [fp32("batch.id", [1.0])], r"no input 'batch.id'.*'batch.ids' and 'batch.scale'"),
    "parts-of-a-tensor": ("scalars", [fp32("x[0]", [1.0]), one("negate", "BOOL", True)], r"no input 'x\[0\]'"),
    "text-for-a-tensor": ("tensor_list", [one("images[0]", "BYTES", "a")], "holds strings"),
}
BAD_PREDICT = {
    "tuple-too-short": ("tensor_tuple", {"input": [[1.0]]}, "must have 2 elements, as its type is Tuple"),
    "tuple-too-long": ("tensor_tuple", {"input": [[1.0], 2, 3]}, "must have 2 elements"),
    "field-missing": ("named", {"input": {"ids": [1.0]}}, "has no scale: send every field"),
    "field-unknown": ("named", {"input": {"ids": [1.0], "scale": 1, "x": 2}}, "input.x is no field"),
    "list-is-a-number": ("tensor_list", {"input": 1}, "Input must be an array"),
    "dict-is-an-array": ("tensor_dict", {"inputs": {"features": [], "counts": {}}}, "inputs.features must be an object"),
    "null-in-a-list": ("tensor_list", {"input": [[1.0], None]}, r"input\[1\] is null but its type is Tensor"),
    "int-in-a-tuple-is-text": ("tensor_tuple", {"input": [[1.0], "3"]}, r"input\[1\] must be a whole number"),
}


@pytest.mark.parametrize("transport", EVERY)
@pytest.mark.parametrize("good", GOOD, ids=lambda good: good.name)
def test_by_name(client, good, transport):
    outcome = client.infer(good.request, transport)
    assert outcome.code == ("OK" if transport in BOTH_GRPC else 200), outcome
    assert outcome.outputs == wanted_bytes(good)
    assert list(outcome.outputs) == list(good.outputs), "the order of the outputs"


@pytest.mark.parametrize("good", GOOD, ids=lambda good: good.name)
def test_predict(server, good):
    method = good.request.parameters.get("method", "forward")
    answer = server.post(f"/predict/{good.request.model}:{method}", good.predict)
    assert answer.status == 200, answer.body
    assert answer.json == good.answer


@pytest.mark.parametrize("transport", EVERY)
@pytest.mark.parametrize("name", BAD)
def test_a_mistake_is_named(client, name, transport):
    model, inputs, says = BAD[name]
    outcome = client.infer(Infer(model, tuple(inputs)), transport)
    assert outcome.code == expected_code("INVALID_ARGUMENT", transport), outcome
    assert harness.is_one_sentence(outcome.error), outcome.error
    assert re.search(says, outcome.error), outcome.error


@pytest.mark.parametrize("name", BAD_PREDICT)
def test_a_mistake_is_named_by_predict(server, name):
    model, body, says = BAD_PREDICT[name]
    answer = server.post(f"/predict/{model}", body)
    assert answer.status == 400, answer.body
    assert re.search(says, answer.error), answer.error


def test_the_default_of_a_required_argument_is_not_null(server):
    answer = server.post("/predict/scalars", {"inputs": {"x": [1.0], "negate": False, "count": None}})
    assert answer.status == 400
    assert "count is null but its type is int: leave it out to get its default" in answer.error


def test_a_parameter_is_a_scalar_with_a_default(server, client):
    for transport in (JSON, BINARY, *BOTH_GRPC):
        outcome = client.infer(Infer("scalars", (X,), parameters={
            "negate": True, "count": 1, "scale": 2.0, "mode": "twice", "offset": 1}), transport)
        assert outcome.outputs == {"output": ("FP32", (2,), b"\0\0\xa0\xc0\0\0\x10\xc1")}, outcome  # -5, -9
    answer = server.post("/predict/named", {"input": [[1.0], 2.0], "parameters": {"scale": 2}})
    assert answer.status == 400 and "scale is not known" in answer.error, "a part is no argument"


def test_metadata_lists_the_names(server):
    def inputs(model):
        return {entry["name"]: (entry["datatype"], entry["shape"]) for entry in server.metadata(model)["inputs"]}
    assert inputs("scalars") == {
        "x": ("FP32", [-1]), "negate": ("BOOL", [1]), "count": ("INT64", [1]), "scale": ("FP64", [1]),
        "mode": ("BYTES", [1]), "offset": ("FP64", [1])}
    assert inputs("scalar_lists")["names"] == ("BYTES", [-1])
    assert list(inputs("tensor_list")) == ["images[0]"]
    assert list(inputs("tensor_dict")) == ["features.*", "counts.*"]
    assert list(inputs("tensor_tuple")) == ["pair[0]", "pair[1]", "bias[0]", "bias[1]"]
    assert inputs("named") == {"batch.ids": ("FP32", [-1]), "batch.scale": ("FP64", [1])}
    assert list(inputs("nested")) == ["groups[0].*", "boxes.*[0]", "boxes.*[1]", "batch.ids", "batch.scale"]
    properties = server.metadata("tensor_tuple")["properties"]
    assert properties["inputs.pair.type"] == "Tuple[Tensor, int]"
    assert properties["inputs.bias.optional"] == properties["inputs.bias[0].optional"] == "true"
    assert "inputs.pair[0].optional" not in properties
    assert server.metadata("named")["properties"]["inputs.batch.type"] == "Batch(ids: Tensor, scale: float)"
    config = server.get("/v2/models/named/config").json
    assert [entry["name"] for entry in config["input"]] == ["batch.ids", "batch.scale"]


def test_metadata_lists_the_results(server):
    def outputs(model):
        return [entry["name"] for entry in server.metadata(model)["outputs"]]
    assert outputs("named") == ["result.scores", "result.label"], "the type tells them"
    assert outputs("tensor_tuple") == ["result[0]", "result[1]"]
    server.post("/predict/tensor_list", {"input": [[1.0], [2.0]]})
    assert outputs("tensor_list") in (["result[0]", "result[1]"], ["result[0]"]), "what was seen"


def test_requests_in_parts_may_come_at_once(client):
    def send(number):
        outcome = client.infer(Infer("tensor_list", tuple(
            fp32(f"images[{i}]", [float(number)]) for i in range(1 + number % 3))), RAW if number % 2 else JSON)
        assert len(outcome.outputs) == 1 + number % 3, outcome
        return {data for _, _, data in outcome.outputs.values()}
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(send, range(64)))
    assert len(set(map(frozenset, found))) == 64
