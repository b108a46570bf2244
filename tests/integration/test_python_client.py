"""The Python package flambeau-client: built as a wheel, installed, and used against a real server."""

import asyncio
import concurrent.futures
import contextlib
import os
import shutil
import subprocess
import sys
import threading
import time
import zipfile

import grpc
import harness
import numpy as np
import pytest
import torch


class Echo(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.clone()


class Scale(torch.nn.Module):
    def forward(self, x: torch.Tensor, factor: float = 2.0) -> tuple[torch.Tensor, torch.Tensor]:
        return x * factor, x + factor


class Shout(torch.nn.Module):
    def forward(self, words: list[str]) -> list[str]:
        return [word + "!" for word in words]


@pytest.fixture(scope="module")
def server(demo_models, adversarial_models, tmp_path_factory):
    models = tmp_path_factory.mktemp("models")
    shutil.copy(os.path.join(demo_models, "linear.pt"), models)
    shutil.copy(os.path.join(adversarial_models, "slow.pt"), models)
    for name, module in [("echo", Echo()), ("scale", Scale()), ("shout", Shout())]:
        torch.jit.script(module.eval()).save(str(models / f"{name}.pt"))
    with harness.Server(models, "--instances", 1, "--threads", 1, "--max-queue-size", 1) as running:
        yield running


@pytest.fixture(params=["rest", "grpc"])
def client(request, package, server):
    with (package.RestClient(f"http://127.0.0.1:{server.http_port}") if request.param == "rest"
          else package.GrpcClient(f"127.0.0.1:{server.grpc_port}")) as made:
        yield made


def test_the_wheel_is_typed_and_complete(installed_client):
    wheel, _ = installed_client
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (metadata,) = [name for name in names if name.endswith("METADATA")]
        text = archive.read(metadata).decode()
    assert {"flambeau_client/py.typed", "flambeau_client/inference.binpb"} <= set(names)
    assert "Name: flambeau-client" in text
    assert [line for line in text.splitlines() if line.startswith("Requires-Dist") and "extra" not in line] == [
        "Requires-Dist: numpy>=1.24"]


def test_numpy_and_torch_go_in_and_come_out(client, demo_models):
    x = torch.arange(20, dtype=torch.float32).reshape(2, 10) / 10
    expected = torch.jit.load(os.path.join(demo_models, "linear.pt"))(x)
    for value in (x, x.numpy(), x.numpy().tolist(), {"input": x}, x.t().contiguous().t(),
                  np.asfortranarray(x.numpy())):
        result = client.infer("linear", value)
        torch.testing.assert_close(result.torch(), expected)
        np.testing.assert_allclose(result.output, expected.detach().numpy(), rtol=1e-6)


@pytest.mark.parametrize("dtype", ["bool", "int8", "int16", "int32", "int64", "uint8", "float16", "bfloat16",
                                   "float32", "float64"])
def test_every_datatype_comes_back(client, dtype):
    x = torch.tensor([[0, 1, 2], [3, 4, 5]]).to(getattr(torch, dtype))
    result = client.infer("echo", x)
    answer = result.torch()
    assert answer.dtype == x.dtype and torch.equal(answer, x)
    assert result.output.tolist() == x.tolist()


def test_text_goes_in_and_comes_out(client):
    for words in (["a", "öß"], [b"a", "öß".encode()], np.array(["a", "öß"], dtype=object)):
        answer = client.infer("shout", words).output
        assert [text.decode() for text in answer] == ["a!", "öß!"]


def test_several_inputs_outputs_and_what_else_a_request_says(client):
    x = np.array([[1.0, 2.0]], np.float32)
    result = client.infer("scale", {"x": x, "factor": np.float64(3)}, request_id="q1", version="1")
    assert (result.model_name, result.model_version, result.id) == ("scale", "1", "q1")
    assert result["result[0]"].tolist() == [[3, 6]]
    assert result["result[1]"].tolist() == [[4, 5]]
    with pytest.raises(ValueError, match="2 outputs"):
        _ = result.output
    with pytest.raises(KeyError, match="no output 'nothing'"):
        _ = result["nothing"]
    chosen = client.infer("scale", {"x": x}, outputs=["result[1]"])
    assert chosen.output.tolist() == [[3, 4]]


def test_what_the_server_and_its_models_are(client):
    assert client.live() and client.ready() and client.model_ready("linear")
    assert not client.model_ready("nobody")
    assert client.server_metadata()["name"] == "flambeau"
    metadata = client.metadata("linear")
    assert (metadata["name"], metadata["inputs"][0]["datatype"]) == ("linear", "FP32")
    assert {entry["name"] for entry in client.models()} == {"linear", "slow", "echo", "scale", "shout"}
    client.infer("linear", np.zeros((1, 10), np.float32))
    assert int(client.statistics("linear")["model_stats"][0]["inference_count"]) >= 1


def test_an_error_has_a_code_and_the_servers_sentence(client, package):
    for call, code, part in [
        (lambda: client.infer("nobody", [[1.0]]), package.Code.NOT_FOUND, "nobody"),
        (lambda: client.infer("linear", np.zeros((1, 3), np.float32)), package.Code.INVALID_ARGUMENT, "input"),
        (lambda: client.load("linear"), package.Code.UNIMPLEMENTED, "--model-control"),
    ]:
        with pytest.raises(package.FlambeauError) as caught:
            call()
        assert caught.value.code is code
        assert part in caught.value.message
        assert not caught.value.retryable


def test_a_deadline_is_kept(client, package):
    started = time.monotonic()
    with pytest.raises(package.FlambeauError) as caught:
        client.infer("slow", np.ones((1, 1), np.float32), timeout=0.3)
    assert caught.value.code is package.Code.DEADLINE_EXCEEDED
    assert time.monotonic() - started < 1.5


def test_a_server_that_is_not_there(package):
    with package.RestClient("http://127.0.0.1:1") as rest, package.GrpcClient("127.0.0.1:1") as grpc_client:
        for client in (rest, grpc_client):
            assert not client.ready()
            with pytest.raises(package.FlambeauError) as caught:
                client.infer("linear", [[1.0]], timeout=1)
            assert caught.value.code in (package.Code.UNAVAILABLE, package.Code.DEADLINE_EXCEEDED)


def test_predict_answers_the_models_own_structure(package, server):
    with package.RestClient(f"http://127.0.0.1:{server.http_port}") as client:
        assert len(client.predict("linear", [[1] * 10])[0]) == 5
        assert client.predict("scale", x=[[1.0, 2.0]], factor=3) == [[[3, 6]], [[4, 5]]]
        assert client.predict("shout", ["a"]) == ["a!"]


def test_asyncio(package, server, demo_models):
    x = torch.arange(10, dtype=torch.float32).reshape(1, 10)
    expected = torch.jit.load(os.path.join(demo_models, "linear.pt"))(x)

    async def ask(make, address):
        async with make(address) as client:
            assert await client.ready()
            assert (await client.metadata("linear"))["name"] == "linear"
            answers = await asyncio.gather(*(client.infer("linear", x) for _ in range(20)))
            with pytest.raises(package.FlambeauError) as caught:
                await client.infer("nobody", x)
            assert caught.value.code is package.Code.NOT_FOUND
            return answers

    for make, address in [(package.AsyncRestClient, f"http://127.0.0.1:{server.http_port}"),
                          (package.AsyncGrpcClient, f"127.0.0.1:{server.grpc_port}")]:
        for answer in asyncio.run(ask(make, address)):
            torch.testing.assert_close(answer.torch(), expected)


def test_it_lives_beside_tritonclient_in_one_process(installed_client, server):
    _, site = installed_client
    code = ("import sys; sys.path.insert(0, sys.argv[1]); import tritonclient.grpc, flambeau_client, numpy\n"
            "client = flambeau_client.GrpcClient(sys.argv[2])\n"
            "print(client.infer('echo', numpy.ones(3, numpy.float32)).output.sum())")
    out = subprocess.run([sys.executable, "-c", code, site, f"127.0.0.1:{server.grpc_port}"], check=True, text=True,
                         capture_output=True, timeout=harness.PATIENCE).stdout
    assert float(out) == 3


# ---- Retries ----


@contextlib.contextmanager
def scripted_server(*answers):
    """Answers each POST with the next status and headers; None closes the connection. Yields (url, seen)."""
    seen = []
    left = list(answers)

    class Handler(harness.Handler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            seen.append(time.monotonic())
            answer = left.pop(0)
            if answer is None:
                self.close_connection = True
                return
            status, headers = answer
            body = b'{"output": [1]}' if status == 200 else b'{"error": "Not now."}'
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    with harness.listening(Handler) as port:
        yield f"http://127.0.0.1:{port}", seen


def test_refusals_and_lost_connections_are_retried(package):
    with scripted_server((429, {}), None, (503, {}), (200, {})) as (url, seen), \
            package.RestClient(url, retry=package.Retry(initial=0.01)) as client:
        assert client.predict("m", [1]) == [1]
    assert len(seen) == 4


def test_retries_end_and_mistakes_are_not_retried(package):
    with scripted_server(*[(503, {})] * 3, (400, {}), (500, {}), (504, {})) as (url, seen), \
            package.RestClient(url, retry=package.Retry(attempts=3, initial=0.01)) as client:
        for code, requests in [("UNAVAILABLE", 3), ("INVALID_ARGUMENT", 4), ("INTERNAL", 5),
                               ("DEADLINE_EXCEEDED", 6)]:
            with pytest.raises(package.FlambeauError) as caught:
                client.predict("m", [1])
            assert (caught.value.code.name, caught.value.message) == (code, "Not now.")
            assert len(seen) == requests


def test_retry_after_is_kept_and_the_deadline_too(package):
    with scripted_server((429, {"Retry-After": "1"}), (200, {}), (429, {"Retry-After": "30"})) as (url, seen), \
            package.RestClient(url, retry=package.Retry(initial=0.01)) as client:
        assert client.predict("m", [1]) == [1]
        assert seen[1] - seen[0] >= 1
        with pytest.raises(package.FlambeauError) as caught:  # at once: 30 s are more than there is
            client.predict("m", [1], timeout=5)
        assert caught.value.code is package.Code.RESOURCE_EXHAUSTED
        assert time.monotonic() - seen[2] < 4


@contextlib.contextmanager
def scripted_grpc_server(*pushbacks):
    """Answers ServerMetadata, but first refuses it with each of `pushbacks`; yields its address and the requests."""
    seen = []

    def answer(request, context):
        seen.append(request)
        if len(seen) <= len(pushbacks):
            context.set_trailing_metadata([("grpc-retry-pushback-ms", pushbacks[len(seen) - 1])])
            context.abort(grpc.StatusCode.UNAVAILABLE, "Not now.")
        return b""

    handler = grpc.method_handlers_generic_handler(
        "inference.GRPCInferenceService", {"ServerMetadata": grpc.unary_unary_rpc_method_handler(answer)})
    listener = grpc.server(concurrent.futures.ThreadPoolExecutor(1), handlers=[handler])
    port = listener.add_insecure_port("127.0.0.1:0")
    listener.start()
    yield f"127.0.0.1:{port}", seen
    listener.stop(None).wait()


def test_a_servers_wish_is_kept_over_grpc(package):
    retry = package.Retry(initial=0.01)
    with scripted_grpc_server("1", "2") as (address, seen), package.GrpcClient(address, retry=retry) as client:
        client.server_metadata()
        assert len(seen) == 3
    for pushback in ["-1", "soon", "3600000"]:  # not again, what is no number, longer than there is time
        with scripted_grpc_server(pushback) as (address, seen), package.GrpcClient(address, retry=retry) as client:
            with pytest.raises(package.FlambeauError, match="Not now"):
                client.server_metadata()
            assert len(seen) == 1


def test_a_full_queue_is_told_as_such(package, server):
    """One runs, one waits, the others are refused; without retries the client sees it."""
    x = np.ones((1, 1), np.float32)
    codes = []

    def ask(client):
        try:
            client.infer("slow", x)
            codes.append("OK")
        except package.FlambeauError as error:
            codes.append(error.code.name)

    with package.RestClient(f"http://127.0.0.1:{server.http_port}", retry=package.NEVER) as rest, \
            package.GrpcClient(f"127.0.0.1:{server.grpc_port}", retry=package.NEVER) as grpc_client:
        threads = [threading.Thread(target=ask, args=(client,)) for client in [rest, grpc_client] * 3]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert set(codes) == {"OK", "RESOURCE_EXHAUSTED"}, codes
