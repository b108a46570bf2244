"""A good request gets the same right answer whichever way it is sent."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

import expected
from good_inputs import GOOD, wanted_bytes
from transports import BOTH_GRPC, JSON, RAW, Infer, Tensor, decode, encode

def as_fp32(value):
    """What JSON's shortest text of an FP32 stands for, exactly."""
    if isinstance(value, dict):
        return {key: as_fp32(element) for key, element in value.items()}
    if isinstance(value, list):
        return [as_fp32(element) for element in value]
    return decode("FP32", encode("FP32", [value]))[0] if isinstance(value, float) else value


SENT = [pytest.param(case, transport, id=f"{case.name}-{transport}")
        for case in GOOD for transport in case.via]
PREDICTED = [pytest.param(case, id=case.name) for case in GOOD if case.predict is not None]


@pytest.mark.parametrize("case, transport", SENT)
def test_answer(client, case, transport):
    outcome = client.infer(case.request, transport)
    assert outcome.code == ("OK" if transport in BOTH_GRPC else 200), outcome
    assert outcome.outputs == wanted_bytes(case)
    assert list(outcome.outputs) == list(case.outputs), "the order of the outputs"
    assert (outcome.model, outcome.version, outcome.id) == (case.request.model, "1", case.request.id)


@pytest.mark.parametrize("case", PREDICTED)
def test_predict(server, case):
    for path in (f"/predict/{case.request.model}", f"/predict/{case.request.model}/1"):
        answer = server.post(path, case.predict)
        assert answer.status == 200, answer.body
        assert as_fp32(answer.json) == as_fp32(case.answer)


def test_fp32_is_written_in_its_shortest_form(server):
    """0.1 in FP32 is not 0.1 in FP64; what is sent is what comes back."""
    answer = server.post("/predict/echo", {"input": [0.1, 16777216.5]})
    assert answer.json == {"output": [0.1, 16777216.0]}


def test_what_was_observed_changes_no_answer(server):
    """Floats that worked do not make floats of integers that FP32 cannot hold."""
    assert server.post("/predict/echo", {"input": [0.5]}).json == {"output": [0.5]}
    answer = server.post("/predict/echo", {"input": [2**53 + 1]})
    assert answer.body == b'{"output":[9007199254740993]}'


def test_keys_may_come_in_any_order(server):
    text = ('{"outputs": [{"parameters": {"binary_data": false}, "name": "output"}], "inputs": '
            '[{"data": [[1.5, 2]], "datatype": "FP32", "shape": [1, 2], "name": "x"}], "id": "7"}')
    answer = server.post("/v2/models/echo/infer", text)
    assert answer.status == 200, answer.body
    assert answer.json["outputs"] == [
        {"name": "output", "datatype": "FP32", "shape": [1, 2], "data": [1.5, 2]}]
    assert answer.json["id"] == "7"


def test_unknown_top_level_keys_are_ignored(server):
    answer = server.post("/v2/models/echo/infer", {
        "model_name": "echo", "other": [1, {"a": None}],
        "inputs": [{"name": "x", "datatype": "INT64", "shape": [1], "data": [5]}]})
    assert answer.status == 200, answer.body
    assert answer.json["outputs"][0]["data"] == [5]


def test_binary_may_be_asked_for_one_output_alone(server):
    answer = server.post("/v2/models/several/infer", {
        "inputs": [{"name": "x", "datatype": "FP32", "shape": [1], "data": [3]}],
        "outputs": [{"name": "result.double", "parameters": {"binary_data": True}},
                    {"name": "result.half"}]})
    assert answer.status == 200, answer.body
    length = int(answer.headers["Inference-Header-Content-Length"])
    message = json.loads(answer.body[:length])
    assert message["outputs"][0]["parameters"] == {"binary_data_size": 4}
    assert "data" not in message["outputs"][0]
    assert message["outputs"][1]["data"] == [1.5]
    assert answer.body[length:] == b"\0\0\xc0\x40"  # 6.0


def test_a_bad_row_fails_alone_when_sent_beside_good_ones(client):
    """Requests that may be merged: each gets what it would get by itself."""
    def send(number):
        wrong = number % 5 == 0
        ids = [number % 50, 50 if wrong else 7]
        outcome = client.infer(
            Infer("embedding", (Tensor("ids", "INT64", (1, 2), ids),)), RAW if number % 2 else JSON)
        if wrong:
            assert outcome.code in (400, "INVALID_ARGUMENT"), outcome
            return "refused"
        wanted = encode("FP32", expected.flat(expected.embedding([ids])))
        assert outcome.outputs == {"output": ("FP32", (1, 2, 4), wanted)}, outcome
        return "right"

    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(send, range(400)))
    assert results.count("refused") == 80
    assert results.count("right") == 320


def raw_binary(server, model, body):
    return server.post(f"/v2/models/{model}/infer", body, headers={"Inference-Header-Content-Length": "0"})


def test_a_body_may_be_one_tensor(server):
    rows = [[float(number) for number in range(10)], [0.5] * 10]
    body = encode("FP32", expected.flat(rows))
    for count in (1, 2):
        answer = raw_binary(server, "linear", body[:40 * count])
        assert answer.status == 200, answer.body
        length = int(answer.headers["Inference-Header-Content-Length"])
        output = json.loads(answer.body[:length])["outputs"][0]
        assert output["shape"] == [count, 5]
        assert output["parameters"] == {"binary_data_size": 20 * count}
        assert answer.body[length:] == encode("FP32", expected.flat(expected.linear(rows[:count])))


CLASSES = [["4.000000:0", "3.500000:2"], ["1.000000:1", "-1.000000:0"]]


def classes_of(client, raw, outputs):
    """ModelInfer of echo with classification."""
    message = client.message(Infer("echo", (Tensor("x", "FP32", (2, 3), [4, 0.5, 3.5, -1, 1, -2]),)), raw=raw)
    output = message.outputs.add(name="output")
    output.parameters["classification"].int64_param = outputs
    return client.call(message)


def test_classification(server, client):
    body = {"inputs": [{"name": "x", "datatype": "FP32", "shape": [2, 3], "data": [4, 0.5, 3.5, -1, 1, -2]}],
            "outputs": [{"name": "output", "parameters": {"classification": 2}}]}
    answer = server.post("/v2/models/echo/infer", body)
    assert answer.json["outputs"] == [{"name": "output", "datatype": "BYTES", "shape": [2, 2],
                                       "data": expected.flat(CLASSES)}], answer.body
    body["outputs"][0]["parameters"]["binary_data"] = True
    answer = server.post("/v2/models/echo/infer", body)
    length = int(answer.headers["Inference-Header-Content-Length"])
    assert answer.body[length:] == encode("BYTES", expected.flat(CLASSES))
    for raw in (True, False):
        outcome = classes_of(client, raw, 2)
        assert outcome.outputs == {"output": ("BYTES", (2, 2), encode("BYTES", expected.flat(CLASSES)))}, outcome
    assert "classification" in server.get("/v2").json["extensions"]


def test_binary_is_the_default_of_listed_outputs_too(server):
    answer = server.post("/v2/models/several/infer", {
        "parameters": {"binary_data_output": True},
        "inputs": [{"name": "x", "datatype": "FP32", "shape": [1], "data": [3]}],
        "outputs": [{"name": "result.double"}, {"name": "result.half", "parameters": {"binary_data": False}}]})
    length = int(answer.headers["Inference-Header-Content-Length"])
    outputs = json.loads(answer.body[:length])["outputs"]
    assert outputs[0]["parameters"] == {"binary_data_size": 4}
    assert outputs[1]["data"] == [1.5]
