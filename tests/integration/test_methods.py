"""Every exported method of a model, over every protocol."""

import grpc
import harness
import numpy
import pytest
import torch
import tritonclient.http
from torch import Tensor, nn
from tritonclient.utils import InferenceServerException


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x).relu()

    @torch.jit.export
    def encode(self, rows: Tensor, scale: float = 2.0) -> Tensor:
        return self.inner(rows) * scale


X = torch.arange(8, dtype=torch.float32).reshape(2, 4) / 8


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(3)
    return torch.jit.script(Encoder().eval())


@pytest.fixture(scope="module")
def server(model, tmp_path_factory):
    directory = tmp_path_factory.mktemp("models")
    model.save(str(directory / "encoder.pt"))
    with harness.Server(directory) as running:
        yield running


def close(got, expected):
    torch.testing.assert_close(torch.as_tensor(numpy.array(got), dtype=torch.float32), expected)


@pytest.mark.parametrize("path", ["/predict/encoder:encode", "/predict/encoder/1:encode"])
def test_predict_names_a_method_in_its_path(server, model, path):
    answer = server.request("POST", path, {"inputs": {"rows": X.tolist(), "scale": 3.0}})
    assert answer.status == 200, answer.body
    close(answer.json["output"], model.encode(X, 3.0))
    close(server.request("POST", path, {"input": X.tolist()}).json["output"], model.encode(X))


def test_without_a_name_it_is_forward(server, model):
    for path in ("/predict/encoder", "/predict/encoder:forward"):
        close(server.request("POST", path, {"input": X.tolist()}).json["output"], model(X))


def test_rest_names_it_in_a_parameter(server, model):
    rows = tritonclient.http.InferInput("rows", [2, 4], "FP32")
    rows.set_data_from_numpy(X.numpy())
    with tritonclient.http.InferenceServerClient(f"127.0.0.1:{server.http_port}") as connection:
        answer = connection.infer("encoder", [rows], parameters={"method": "encode"})
        close(answer.as_numpy("output"), model.encode(X))
        with pytest.raises(InferenceServerException, match="has no method 'decode'; it has forward, encode"):
            connection.infer("encoder", [rows], parameters={"method": "decode"})


def test_grpc_names_it_in_a_parameter(server, model, stubs):
    messages, service = stubs
    request = messages.ModelInferRequest(model_name="encoder")
    request.inputs.add(name="rows", datatype="FP32", shape=[2, 4])
    request.raw_input_contents.append(X.numpy().tobytes())
    with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel:
        stub = service.GRPCInferenceServiceStub(channel)
        request.parameters["method"].string_param = "encode"
        raw = stub.ModelInfer(request, timeout=60).raw_output_contents[0]
        close(numpy.frombuffer(raw, numpy.float32).reshape(2, 2), model.encode(X))
        request.parameters["method"].string_param = "decode"
        with pytest.raises(grpc.RpcError, match="it has forward, encode") as caught:
            stub.ModelInfer(request, timeout=60)
        assert caught.value.code() == grpc.StatusCode.NOT_FOUND
        request.parameters["method"].bool_param = True
        with pytest.raises(grpc.RpcError, match="'method' must be a string") as caught:
            stub.ModelInfer(request, timeout=60)
        assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT


def test_each_has_its_own_signature(server):
    answer = server.request("POST", "/predict/encoder:encode", {"inputs": {"x": X.tolist()}})
    assert answer.status == 400
    assert "'rows'" in answer.error
    properties = server.metadata("encoder")["properties"]
    assert properties["methods.forward"] == "(x: Tensor) -> Tensor"
    assert properties["methods.encode"] == "(rows: Tensor, scale: float = 2.) -> Tensor"


def test_an_unknown_one_is_named(server):
    answer = server.request("POST", "/predict/encoder:decode", {"input": X.tolist()})
    assert answer.status == 404
    assert answer.error == "Model 'encoder' has no method 'decode'; it has forward, encode."
    assert server.request("POST", "/predict/encoder:", {"input": X.tolist()}).status == 404
