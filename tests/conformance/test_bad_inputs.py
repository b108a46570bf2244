"""Bad input gets the right status and one sentence, and the server goes on as before."""

import json
import re

import grpc
import pytest

import harness
from bad_inputs import GRPC, INFER, REST
from checks import LINEAR, MAX_REQUEST_BYTES, assert_has_not_grown, assert_serves
from transports import BINARY, JSON, RAW, Infer, Tensor, expected_code

INFER_SENT = [pytest.param(case, transport, id=f"row{case.row}-{case.name}-{transport}")
              for case in INFER for transport in case.via]


def by_id(cases):
    return [pytest.param(case, id=f"row{case.row}-{case.name}") for case in cases]


def as_tuple(value):
    return value if isinstance(value, tuple) else (value,)


@pytest.mark.parametrize("case, transport", INFER_SENT)
def test_infer(client, before, case, transport):
    outcome = client.infer(case.request, transport)
    assert outcome.code in [expected_code(status, transport) for status in as_tuple(case.status)], outcome
    assert harness.is_one_sentence(outcome.error), outcome.error
    assert re.search(case.says, outcome.error), outcome.error
    assert_serves(client)


@pytest.mark.parametrize("case", by_id(REST))
def test_rest(server, client, before, case):
    answer = server.request(case.method, case.path, case.body, case.headers)
    assert answer.status in as_tuple(case.code), answer.body
    assert answer.headers["Content-Type"].split(";")[0] == "application/json"
    message = json.loads(answer.body)
    if not (case.row == 45 and "ready" in message):
        assert list(message) == ["error"], answer.body
        assert harness.is_one_sentence(message["error"]), message["error"]
    for name in case.has_headers:
        assert name in answer.headers, dict(answer.headers)
    assert_serves(client)


@pytest.mark.parametrize("case", by_id(GRPC))
def test_grpc(client, before, case):
    message = client.message(LINEAR.request, raw=True)
    case.change(message)
    outcome = client.call(message)
    assert outcome.code == case.code, outcome
    assert harness.is_one_sentence(outcome.error), outcome.error
    assert_serves(client)


def call_bytes(client, method, data):
    """Calls an RPC with bytes in place of a message; the status' name."""
    call = client.channel.unary_unary(f"/inference.GRPCInferenceService/{method}",
                                      request_serializer=None, response_deserializer=None)
    try:
        call(data, timeout=30)
        return "OK"
    except grpc.RpcError as error:
        return error.code().name


@pytest.mark.parametrize("data", [b"\xff\xff\xff", b"\x0a\xff\xff\xff\xff\x0f", b"\x0a\x05lin", b"\x08" * 11,
                                  b"\x0a\x02\xff\xfe"],
                         ids=["tag", "length-past-the-end", "truncated", "varint", "name-not-utf-8"])
def test_grpc_bytes_that_are_no_message(client, before, data):
    assert call_bytes(client, "ModelInfer", data) in ("INTERNAL", "INVALID_ARGUMENT", "NOT_FOUND")
    assert_serves(client)


def test_grpc_bytes_that_are_no_message_are_logged(server, client, before):
    """They pass the gate, which counts and logs them like any refused request."""
    assert call_bytes(client, "ModelInfer", b"\xff\xff\xff") == "INVALID_ARGUMENT"
    line = server.wait_line(lambda line: line.get("event") == "request" and line.get("protocol") == "grpc"
                            and "not a ModelInferRequest" in line.get("error", ""), 30)
    assert (line["route"], line["status"]) == ("infer", "INVALID_ARGUMENT")


def test_grpc_nesting_is_bounded(client, before):
    """Groups within groups, which a parser may follow too deep."""
    assert call_bytes(client, "ModelInfer", b"\x7b" * 100_000) in ("INTERNAL", "INVALID_ARGUMENT")
    assert_serves(client)


def test_grpc_unknown_method(client, before):
    assert call_bytes(client, "Nothing", b"") == "UNIMPLEMENTED"
    assert_serves(client)


def test_grpc_message_over_the_limit(client, before):
    rows = 2 * MAX_REQUEST_BYTES // 40
    request = Infer("linear", (Tensor("input", "FP32", (rows, 10), [0.0] * (rows * 10)),))
    outcome = client.infer(request, RAW)
    assert outcome.code == "RESOURCE_EXHAUSTED", outcome
    assert_serves(client)


@pytest.mark.parametrize("transport", [JSON, BINARY])
def test_rest_body_over_the_limit(client, before, transport):
    rows = MAX_REQUEST_BYTES // 30 + 1000
    request = Infer("linear", (Tensor("input", "FP32", (rows, 10), [0.0] * (rows * 10)),))
    outcome = client.infer(request, transport)
    assert outcome.code == 413, outcome.code
    assert harness.is_one_sentence(outcome.error), outcome.error
    assert_serves(client)


def test_grpc_model_ready(client, before, stubs):
    """Of a model that failed to load: not ready, which is not an error."""
    messages = stubs[0]
    assert not client.stub.ModelReady(messages.ModelReadyRequest(name="broken"), timeout=30).ready
    assert client.stub.ModelReady(messages.ModelReadyRequest(name="linear"), timeout=30).ready
    for name, version, code in [("nothing", "", "NOT_FOUND"), ("linear", "9", "NOT_FOUND"),
                                ("linear", "x", "INVALID_ARGUMENT"), ("../x", "", "INVALID_ARGUMENT")]:
        with pytest.raises(grpc.RpcError) as raised:
            client.stub.ModelReady(messages.ModelReadyRequest(name=name, version=version), timeout=30)
        assert raised.value.code().name == code, name
    assert_serves(client)


def test_grpc_metadata_of_what_is_not_there(client, before, stubs):
    messages = stubs[0]
    for name, version, code in [("nothing", "", "NOT_FOUND"), ("linear", "9", "NOT_FOUND"),
                                ("broken", "", "UNAVAILABLE"), ("linear", "x", "INVALID_ARGUMENT"),
                                ("..", "", "INVALID_ARGUMENT"), ("a" * 10_000, "", "INVALID_ARGUMENT")]:
        with pytest.raises(grpc.RpcError) as raised:
            client.stub.ModelMetadata(messages.ModelMetadataRequest(name=name, version=version), timeout=30)
        assert raised.value.code().name == code, name
        assert harness.is_one_sentence(raised.value.details()), raised.value.details()
    assert_serves(client)


def test_predict_without_a_default_model(server, client, before):
    answer = server.post("/predict", {"input": [[1]]})
    assert answer.status == 400, answer.body
    assert re.search("default-model|/predict/", answer.error), answer.error
    assert_serves(client)


def test_a_bad_request_leaves_its_connection_open(server, before):
    """A mistake in the body is no mistake in the framing: the next request uses the same connection."""
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=30)
    connection.request("POST", "/predict/linear", b"{}")
    response = connection.getresponse()
    assert response.status == 400
    response.read()
    used = connection.sock
    connection.request("POST", "/predict/echo", b'{"input": [1.5]}')
    response = connection.getresponse()
    assert (response.status, response.read()) == (200, b'{"output":[1.5]}')
    assert connection.sock is used
    connection.close()


def test_the_server_has_not_grown(server, client, before):
    """After all of the above. Last in this file."""
    assert_serves(client)
    assert_has_not_grown(server, before)
