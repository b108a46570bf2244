"""Priorities and queue policies of a model that is busy, over REST and gRPC."""

import concurrent.futures
import os
import sys
import time

import grpc
import harness
import pytest
import torch

sys.path.insert(0, os.path.join(harness.ROOT, "tests", "models"))

CONFIGS = {
    "urgent": """
        max_batch_size: 1
        instance_group { count: 1 }
        dynamic_batching {
          priority_levels: 2
          default_priority_level: 2
        }""",
    "impatient": """
        max_batch_size: 1
        instance_group { count: 1 }
        dynamic_batching {
          default_queue_policy {
            default_timeout_microseconds: 60000000
            allow_timeout_override: true
            max_queue_size: 2
          }
        }""",
}
INPUT = {"name": "x", "shape": [1, 8], "datatype": "FP32", "data": [0.0] * 8}


@pytest.fixture(scope="module")
def slow_model(tmp_path_factory):
    """About half a second a run, on one thread of this machine."""
    from make_adversarial import Slow

    torch.set_num_threads(1)
    weight = torch.eye(512)
    torch.matmul(weight, weight)
    started = time.perf_counter()
    for _ in range(20):
        torch.matmul(weight, weight)
    rounds = int(0.5 / ((time.perf_counter() - started) / 20))
    path = tmp_path_factory.mktemp("slow") / "model.pt"
    torch.jit.script(Slow(rounds).eval()).save(str(path))
    return path


@pytest.fixture(scope="module")
def server(slow_model, tmp_path_factory):
    directory = tmp_path_factory.mktemp("models")
    for name, config in CONFIGS.items():
        os.makedirs(directory / name / "1")
        (directory / name / "1" / "model.pt").write_bytes(slow_model.read_bytes())
        (directory / name / "config.pbtxt").write_text(config, encoding="utf-8")
    with harness.Server(directory, "--threads", 1) as running:
        yield running


def ask(server, model, **parameters):
    body = {"inputs": [INPUT], "parameters": parameters}
    return server.post(f"/v2/models/{model}/infer", body).status


def ask_grpc(server, stubs, model, priority):
    messages, service = stubs
    request = messages.ModelInferRequest(model_name=model)
    tensor = request.inputs.add(name="x", datatype="FP32", shape=[1, 8])
    tensor.contents.fp32_contents.extend([0.0] * 8)
    request.parameters["priority"].uint64_param = priority
    with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel:
        service.GRPCInferenceServiceStub(channel).ModelInfer(request, timeout=harness.PATIENCE)
    return 200


def await_waiting(server, model, count):
    """Until `count` requests wait, and one runs."""
    harness.wait_for(f"{count} waiting", lambda: (
        server.metric("flambeau_model_in_flight", model=model) == count + 1
        and server.metric("nv_inference_pending_request_count", model=model) == count))


def test_the_higher_priority_goes_first(server, stubs):
    order = []

    def note(name, question, *arguments, **parameters):
        status = question(server, *arguments, **parameters)
        order.append((name, status))

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        pool.submit(note, "first", ask, "urgent")
        await_waiting(server, "urgent", 0)
        pool.submit(note, "low", ask, "urgent", priority=2)
        await_waiting(server, "urgent", 1)
        pool.submit(note, "default", ask, "urgent")
        await_waiting(server, "urgent", 2)
        pool.submit(note, "high", ask, "urgent", priority=1)
        await_waiting(server, "urgent", 3)
        pool.submit(note, "high by grpc", ask_grpc, stubs, "urgent", 1)
        await_waiting(server, "urgent", 4)
    assert order == [(name, 200) for name in ["first", "high", "high by grpc", "low", "default"]]


def test_a_timeout_expires_while_the_worker_is_busy(server):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        busy = pool.submit(ask, server, "impatient")
        await_waiting(server, "impatient", 0)
        waits = pool.submit(ask, server, "impatient")
        await_waiting(server, "impatient", 1)
        assert ask(server, "impatient", timeout=20000) == 504
        assert not busy.done(), "the request was refused while the worker was busy"
        assert busy.result() == waits.result() == 200


def test_a_timeout_does_not_cut_off_a_run(server):
    assert ask(server, "impatient", timeout=100000) == 200


def test_the_queue_of_a_policy_is_bounded(server):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        busy = pool.submit(ask, server, "impatient")
        await_waiting(server, "impatient", 0)
        waiting = []
        for i in range(2):
            waiting.append(pool.submit(ask, server, "impatient"))
            await_waiting(server, "impatient", i + 1)
        assert ask(server, "impatient") == 429
        assert [future.result() for future in [busy, *waiting]] == [200] * 3


@pytest.mark.parametrize("parameters", [{"priority": -1}, {"priority": "high"}, {"timeout": -1},
                                        {"headers": "a"}])
def test_a_bad_parameter_is_refused(server, parameters):
    assert ask(server, "urgent", **parameters) == 400
