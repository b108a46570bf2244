"""Other people's clients and our own against a running server."""

import json
import os
import subprocess
import sys

import grpc
import harness
import pytest
import torch

HERE = os.path.dirname(os.path.abspath(__file__))


@pytest.fixture(scope="module")
def expected(demo_models):
    x = (torch.arange(20, dtype=torch.float32).reshape(2, 10)) / 10
    return torch.jit.load(os.path.join(demo_models, "linear.pt"))(x)


def run(*command):
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                            timeout=harness.PATIENCE, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.mark.parametrize("transport,encodings", [("http", ["False", "True"]), ("grpc", ["True"])])
def test_tritonclient(server, expected, transport, encodings):
    port = server.http_port if transport == "http" else server.grpc_port
    seen = json.loads(run(sys.executable, os.path.join(HERE, f"triton_{transport}_client.py"), port))
    assert (seen["live"], seen["ready"], seen["model_ready"]) == (True, True, True)
    assert seen["server"]["name"] == "flambeau"
    assert seen["model"]["name"] == "linear"
    assert [entry["datatype"] for entry in seen["model"]["inputs"]] == ["FP32"]
    assert {entry["name"] for entry in seen["index"]} == {"linear", "digits"}
    assert seen["missing"] in ("404", "StatusCode.NOT_FOUND")
    assert seen["answers"]["id"] == "t1"
    for encoding in encodings:
        torch.testing.assert_close(torch.tensor(seen["answers"][encoding]), expected)


def test_grpc_health_and_reflection(server):
    from grpc_health.v1 import health_pb2, health_pb2_grpc
    from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

    with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel:
        health = health_pb2_grpc.HealthStub(channel)
        for service in ("", "inference.GRPCInferenceService"):
            answer = health.Check(health_pb2.HealthCheckRequest(service=service), timeout=30)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
        with pytest.raises(grpc.RpcError) as caught:
            health.Check(health_pb2.HealthCheckRequest(service="nothing"), timeout=30)
        assert caught.value.code() == grpc.StatusCode.NOT_FOUND
        reflection = reflection_pb2_grpc.ServerReflectionStub(channel)
        (answer,) = reflection.ServerReflectionInfo(
            iter([reflection_pb2.ServerReflectionRequest(list_services="")]), timeout=30)
        services = {service.name for service in answer.list_services_response.service}
        assert {"inference.GRPCInferenceService", "grpc.health.v1.Health"} <= services


def test_typed_and_raw_contents_get_the_same_answer(server, stubs, expected):
    messages, service = stubs
    values = [n / 10 for n in range(20)]
    with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel:
        stub = service.GRPCInferenceServiceStub(channel)
        typed = messages.ModelInferRequest(model_name="linear", id="q")
        typed.inputs.add(name="input", datatype="FP32", shape=[2, 10]).contents.fp32_contents.extend(values)
        raw = messages.ModelInferRequest(model_name="linear")
        raw.inputs.add(name="INPUT__0", datatype="FP32", shape=[2, 10])
        raw.raw_input_contents.append(torch.tensor(values).numpy().tobytes())
        answers = [stub.ModelInfer(request, timeout=60) for request in (typed, raw)]
    assert answers[0].id == "q"
    for answer in answers:
        output = answer.outputs[0]
        assert (output.name, output.datatype, list(output.shape)) == ("output", "FP32", [2, 5])
        if answer.raw_output_contents:
            got = torch.frombuffer(bytearray(answer.raw_output_contents[0]), dtype=torch.float32)
        else:
            got = torch.tensor(list(output.contents.fp32_contents))
        torch.testing.assert_close(got.reshape(2, 5), expected)


def test_a_grpc_deadline_is_kept(demo_models, stubs):
    messages, service = stubs
    with harness.Server(f"{demo_models}/resnet18.pt") as server, \
            grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel:
        stub = service.GRPCInferenceServiceStub(channel)
        metadata = stub.ModelMetadata(messages.ModelMetadataRequest(name="resnet18"), timeout=60)
        request = messages.ModelInferRequest(model_name="resnet18")
        request.inputs.add(name=metadata.inputs[0].name, datatype="FP32", shape=[16, 3, 224, 224])
        request.raw_input_contents.append(bytes(16 * 3 * 224 * 224 * 4))
        with pytest.raises(grpc.RpcError) as caught:  # sixteen images take some tenths of a second
            stub.ModelInfer(request, timeout=0.02)
        assert caught.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED


def test_the_flambeau_command_predicts(server, expected):
    x = [[n / 10 for n in range(10)], [n / 10 for n in range(10, 20)]]
    out = run(harness.COMMAND, "predict", "--server", f"127.0.0.1:{server.grpc_port}", "--model", "linear",
              "--input", json.dumps(x))
    got = json.loads(out)
    got = got["output"] if isinstance(got, dict) else got
    torch.testing.assert_close(torch.tensor(got), expected)


def test_the_flambeau_command_tells_the_status(server):
    out = run(harness.COMMAND, "status", "--server", f"127.0.0.1:{server.grpc_port}")
    for word in ("linear", "digits", "READY"):
        assert word in out


def test_the_flambeau_command_says_what_is_wrong(server):
    for arguments in (["predict", "--model", "nobody", "--input", "[[1]]"],
                      ["predict", "--model", "linear", "--input", "[[1, 2"],
                      ["predict", "--model", "linear", "--input", "[[1, 2]]"]):
        result = subprocess.run(
            [harness.COMMAND, arguments[0], "--server", f"127.0.0.1:{server.grpc_port}", *arguments[1:]],
            capture_output=True, text=True, timeout=60, check=False)
        assert result.returncode != 0
        assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    result = subprocess.run([harness.COMMAND, "status", "--server", "127.0.0.1:1"],
                            capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode != 0
    assert "127.0.0.1:1" in result.stderr


def test_the_python_example(server):
    example = os.path.join(harness.ROOT, "client", "python", "examples", "generated_stubs.py")
    out = run(sys.executable, example, "--server", f"127.0.0.1:{server.grpc_port}")
    assert "digits" in out
