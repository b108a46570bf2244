"""The statistics after known traffic, and the response cache's part in them."""

import json
import os
import shutil
import subprocess
import sys
import time

import harness
import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
DURATIONS = ["success", "fail", "queue", "compute_input", "compute_infer", "compute_output",
             "cache_hit", "cache_miss"]
CACHED = "response_cache { enable: true }\n"


def place(source, directory, name, config=None, version=1):
    """Puts a model file into a directory as Triton lays it out."""
    os.makedirs(f"{directory}/{name}/{version}", exist_ok=True)
    shutil.copy(source, f"{directory}/{name}/{version}/model.pt")
    if config is not None:
        with open(f"{directory}/{name}/config.pbtxt", "w", encoding="utf-8") as file:
            file.write(config)


@pytest.fixture
def server(demo_models, tmp_path):
    shutil.copy(f"{demo_models}/linear.pt", tmp_path)
    place(f"{demo_models}/linear.pt", tmp_path, "cached", CACHED)
    with open(tmp_path / "broken.pt", "w", encoding="utf-8") as file:
        file.write("no model")
    with harness.Server(tmp_path) as running:
        yield running


def read(protocol, server):
    port = server.http_port if protocol == "http" else server.grpc_port
    result = subprocess.run(
        [sys.executable, os.path.join(HERE, "triton_statistics_client.py"), protocol, str(port)],
        capture_output=True, text=True, timeout=harness.PATIENCE, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return json.loads(result.stdout)


def count(statistics, duration):
    """(count, ns); gRPC's JSON has numbers as text and leaves zeros out."""
    entry = statistics["inference_stats"].get(duration, {})
    return int(entry.get("count", 0)), int(entry.get("ns", 0))


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_counts_are_exact_after_known_traffic(server, protocol):
    before = int(time.time() * 1000)
    seen = read(protocol, server)
    assert {"statistics", "schedule_policy"} <= set(seen["extensions"])
    assert seen["refused"] and seen["same"]
    assert seen["missing"] in ("404", "StatusCode.NOT_FOUND")
    assert {entry["name"] for entry in seen["all"]} == {"linear", "cached"}, "ready ones only"
    assert seen["one"] == seen["version"]
    (linear,) = seen["one"]
    assert (linear["name"], linear["version"]) == ("linear", "1")
    assert int(linear["inference_count"]) == 6
    assert int(linear["execution_count"]) == 3
    assert before <= int(linear["last_inference"]) <= int(time.time() * 1000)
    for duration in ["success", "queue", "compute_input", "compute_infer", "compute_output"]:
        assert count(linear, duration)[0] == 3, duration
    assert count(linear, "fail")[0] == 1
    assert count(linear, "cache_hit") == count(linear, "cache_miss") == (0, 0)
    assert count(linear, "success")[1] >= count(linear, "compute_infer")[1] > 0
    (batch,) = linear["batch_stats"]
    assert int(batch["batch_size"]) == 2
    assert int(batch["compute_infer"]["count"]) == 3
    assert int(batch["compute_infer"]["ns"]) == count(linear, "compute_infer")[1]
    (memory,) = linear["memory_usage"]
    assert (memory["type"], int(memory["byte_size"])) == ("CPU", 4 * (10 * 5 + 5))
    (cached,) = [entry for entry in seen["all"] if entry["name"] == "cached"]
    assert [count(cached, name)[0] for name in DURATIONS] == [2, 0, 2, 1, 1, 1, 1, 1]
    assert int(cached["inference_count"]) == 2
    assert int(cached["execution_count"]) == 1
    assert server.metric("nv_cache_num_hits_per_model", model="cached") == 1
    assert server.metric("nv_cache_num_misses_per_model", model="cached") == 1
    assert server.metric("nv_inference_request_success", model="cached") == 2


def test_every_field_is_there_at_zero(server):
    """perf_analyzer reads them all, and fails where one is missing."""
    (linear,) = server.get("/v2/models/linear/stats").json["model_stats"]
    assert list(linear) == ["name", "version", "last_inference", "inference_count",
                            "execution_count", "inference_stats", "response_stats", "batch_stats",
                            "memory_usage"]
    assert linear["inference_stats"] == {name: {"count": 0, "ns": 0} for name in DURATIONS}
    assert server.get("/v2/models/broken/stats").status == 503
    assert server.post("/v2/models/stats").status == 405


def test_a_cache_of_no_bytes_is_off(demo_models, tmp_path):
    place(f"{demo_models}/linear.pt", tmp_path, "cached", CACHED)
    with harness.Server(tmp_path, "--response-cache-bytes", 0) as server:
        for _ in range(2):
            server.predict("cached", [[1.0] * 10])
        (cached,) = server.get("/v2/models/cached/stats").json["model_stats"]
        assert cached["execution_count"] == 2
        assert cached["inference_stats"]["cache_miss"]["count"] == 0


def test_a_version_loaded_anew_forgets_its_answers(demo_models, tmp_path):
    place(f"{demo_models}/linear.pt", tmp_path, "cached", CACHED)
    with harness.Server(tmp_path, "--model-control", "explicit", "--load-model", "*") as server:
        first = server.predict("cached", [[1.0] * 10])
        assert server.predict("cached", [[1.0] * 10]) == first
        assert server.metric("nv_cache_num_hits_per_model", model="cached") == 1
        make_other_linear(f"{tmp_path}/cached/1/model.pt")
        assert server.post("/v2/repository/models/cached/load").status == 200
        assert server.predict("cached", [[1.0] * 10]) == [[10.0]]


def make_other_linear(path):
    import torch

    model = torch.nn.Linear(10, 1, bias=False)
    torch.nn.init.ones_(model.weight)
    torch.jit.trace(model.eval(), torch.randn(2, 10)).save(path + ".new")
    os.replace(path + ".new", path)
