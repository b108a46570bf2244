"""Model configurations: a repository of Triton's served unchanged, wrong ones refused, models loaded
and unloaded while requests come."""

import json
import os
import shutil
import subprocess
import sys
import threading

import harness
import pytest
import torch

HERE = os.path.dirname(os.path.abspath(__file__))


class Scale(torch.nn.Module):
    def __init__(self, factor: float):
        super().__init__()
        self.factor = factor

    def forward(self, x):
        return x * self.factor


class Pair(torch.nn.Module):
    def forward(self, left, right):
        return left + right, left - right


class Reshaped(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(4, 4)

    def forward(self, x):
        return self.linear(x)


SCALE = """name: "scale"
platform: "pytorch_libtorch"
max_batch_size: 8
input [ { name: "INPUT__0" data_type: TYPE_FP32 dims: [ 10 ] } ]
output [ { name: "OUTPUT__0" data_type: TYPE_FP32 dims: [ 10 ] } ]
version_policy { specific { versions: [ 1, 3 ] } }
instance_group [ { count: 2 kind: KIND_CPU } ]
dynamic_batching { preferred_batch_size: [ 4 ] max_queue_delay_microseconds: 100 }
optimization { graph { level: 1 } }
model_warmup [ { name: "zeros" batch_size: 2
                 inputs { key: "INPUT__0" value { data_type: TYPE_FP32 dims: [ 10 ] zero_data: true } } } ]
"""
PAIR = """backend: "pytorch"
max_batch_size: 0
input [ { name: "LEFT__0" data_type: TYPE_FP32 dims: [ 2, 4 ] },
        { name: "RIGHT__1" data_type: TYPE_FP32 dims: [ -1, 4 ] } ]
output [ { name: "SUM__0" data_type: TYPE_FP32 dims: [ -1, 4 ] },
         { name: "DIFFERENCE__1" data_type: TYPE_FP32 dims: [ -1, 4 ] } ]
parameters { key: "DISABLE_OPTIMIZED_EXECUTION" value { string_value: "true" } }
"""
RESHAPED = """max_batch_size: 4
input [ { name: "x" data_type: TYPE_FP32 dims: [ 2, 2 ] reshape { shape: [ 4 ] } } ]
output [ { name: "y" data_type: TYPE_FP32 dims: [ 4, 1 ] reshape { shape: [ 4 ] } } ]
"""


def save(module, *path):
    file = os.path.join(*map(str, path))
    os.makedirs(os.path.dirname(file), exist_ok=True)
    torch.jit.script(module.eval()).save(file)


def write(text, *path):
    file = os.path.join(*map(str, path))
    os.makedirs(os.path.dirname(file), exist_ok=True)
    with open(file, "w", encoding="utf-8") as out:
        out.write(text)


@pytest.fixture(scope="module")
def reshaped():
    torch.manual_seed(3)
    return Reshaped().eval()


@pytest.fixture(scope="module")
def repository(tmp_path_factory, reshaped):
    directory = tmp_path_factory.mktemp("triton")
    for version, factor in ((1, 2.0), (2, -1.0), (3, 3.0)):
        save(Scale(factor), directory, "scale", version, "model.pt")
    write(SCALE, directory, "scale", "config.pbtxt")
    save(Pair(), directory, "pair", 1, "model.pt")
    write(PAIR, directory, "pair", "config.pbtxt")
    save(reshaped, directory, "reshaped", 7, "model.pt")
    write(RESHAPED, directory, "reshaped", "config.pbtxt")
    return directory


@pytest.fixture(scope="module")
def server(repository):
    with harness.Server(repository) as running:
        yield running


def client(script, transport, server):
    port = server.http_port if transport == "http" else server.grpc_port
    result = subprocess.run([sys.executable, os.path.join(HERE, script), transport, str(port)],
                            capture_output=True, text=True, timeout=harness.PATIENCE, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return json.loads(result.stdout)


def ints(values):
    """gRPC's JSON writes 64-bit integers as strings."""
    return [int(value) for value in values]


@pytest.mark.parametrize("transport", ["http", "grpc"])
def test_a_repository_of_tritons_is_served_unchanged(server, reshaped, transport):
    seen = client("triton_config_client.py", transport, server)
    x = torch.arange(20, dtype=torch.float32).reshape(2, 10) / 10
    pair = torch.arange(8, dtype=torch.float32).reshape(2, 4)
    for version, factor in (("", 3), ("1", 2), ("3", 3)):
        torch.testing.assert_close(torch.tensor(seen["scale"][version]), x * factor)
    assert "has no version 2" in seen["missing_version"]
    torch.testing.assert_close(torch.tensor(seen["pair"]["SUM__0"]), 2 * pair + 1)
    torch.testing.assert_close(torch.tensor(seen["pair"]["DIFFERENCE__1"]), -torch.ones(2, 4))
    torch.testing.assert_close(torch.tensor(seen["reshaped"]), reshaped(pair).detach().reshape(2, 4, 1))
    assert "max_batch_size is 8" in seen["too_many"]

    metadata = seen["metadata"]
    assert metadata["scale"]["platform"] == "pytorch_libtorch", "as the configuration says"
    assert metadata["scale"]["versions"] == ["1", "3"]
    shapes = {model: [(tensor["name"], ints(tensor["shape"])) for tensor in metadata[model]["inputs"]]
              for model in metadata}
    assert shapes == {"scale": [("INPUT__0", [-1, 10])],
                      "pair": [("LEFT__0", [2, 4]), ("RIGHT__1", [-1, 4])],
                      "reshaped": [("x", [-1, 2, 2])]}
    assert [tensor["name"] for tensor in metadata["pair"]["outputs"]] == ["SUM__0", "DIFFERENCE__1"]

    config = {model: answer.get("config", answer) for model, answer in seen["config"].items()}
    assert config["scale"]["max_batch_size"] == 8
    assert config["scale"]["input"][0]["data_type"] == "TYPE_FP32"
    assert ints(config["scale"]["input"][0]["dims"]) == [10]
    assert config["scale"]["platform"] == "pytorch_libtorch"
    assert config["scale"]["backend"] == "pytorch"
    assert config["scale"]["instance_group"][0]["count"] == 2
    assert config["scale"]["dynamic_batching"]["preferred_batch_size"] == [4]
    assert config["pair"].get("max_batch_size", 0) == 0
    assert ints(config["reshaped"]["input"][0]["reshape"]["shape"]) == [4]


def test_the_json_of_a_configuration_has_numbers_and_original_names(server):
    config = server.get("/v2/models/scale/versions/1/config").json
    assert config["input"][0]["dims"] == [10]
    assert config["dynamic_batching"]["max_queue_delay_microseconds"] == 100
    assert config["version_policy"] == {"specific": {"versions": [1, 3]}}
    assert config["model_warmup"][0]["inputs"]["INPUT__0"]["zero_data"] is True
    assert config["model_transaction_policy"] == {"decoupled": False}


def test_a_field_without_effect_is_named_in_the_log(server):
    server.wait_line(lambda line: line.get("model") == "scale" and
                     "optimization.graph has no effect" in line.get("warning", ""))


def test_own_names_are_still_taken(server):
    body = {"inputs": [{"name": "x", "shape": [1, 10], "datatype": "FP32", "data": [1] * 10}]}
    answer = server.post("/v2/models/scale/infer", body)
    assert answer.status == 200
    assert answer.json["outputs"][0]["name"] == "OUTPUT__0"
    assert server.post("/predict/scale", {"input": [[1] * 10]}).json == {"output": [[3] * 10]}


def test_predict_answers_with_declared_names_and_shapes(server, reshaped):
    rows = {"left": [[1.0, 2.0, 3.0, 4.0]] * 2, "RIGHT__1": [[1, 1, 1, 1]] * 2}
    assert server.post("/predict/pair", {"inputs": rows}).json == {
        "outputs": {"SUM__0": [[2, 3, 4, 5]] * 2, "DIFFERENCE__1": [[0, 1, 2, 3]] * 2}}
    answer = server.post("/predict/reshaped", {"input": [[[0, 1], [2, 3]]]})
    torch.testing.assert_close(torch.tensor(answer.json["output"]),
                               reshaped(torch.arange(4.0).reshape(1, 4)).detach().reshape(1, 4, 1))


def test_the_extensions_are_announced(server):
    extensions = server.get("/v2").json["extensions"]
    assert "model_configuration" in extensions
    assert "model_repository(unload_dependents)" not in extensions


def test_a_model_without_a_configuration_has_one_that_fits_its_metadata(demo_models, tmp_path):
    shutil.copy(f"{demo_models}/linear.pt", tmp_path)
    with harness.Server(tmp_path, "--max-batch-size", 16) as server:
        config = server.get("/v2/models/linear/config").json
        assert server.batching("linear")[0] == "proven"
        assert config["max_batch_size"] == 16
        (tensor,) = server.metadata("linear")["inputs"]
        assert config["input"][0]["name"] == tensor["name"]
        assert [-1] + config["input"][0]["dims"] == tensor["shape"]


WRONG = {
    "syntax": ("max_batch_size 8", "config.pbtxt, line 1"),
    "field": ("max_batch_size: 8\nmax_batch_sizes: 8", "config.pbtxt, line 2"),
    "argument": ('max_batch_size: 8 input { name: "INPUT__1" dims: 10 }', "no argument for input 'INPUT__1'"),
    "many": ('input { name: "a" dims: 1 } input { name: "b" dims: 1 }', "declares 2 inputs"),
    "platform": ('platform: "onnxruntime_onnx"', "platform is 'onnxruntime_onnx'"),
    "gpu": ("instance_group { kind: KIND_GPU gpus: [ 0, 1 ] }", "instance_group"),
    "label": ('output { name: "y" dims: 10 label_filename: "../labels" }', "label_filename"),
    "version": ("version_policy { specific { versions: 9 } }", "version_policy names version 9"),
    "warmup": ('model_warmup { name: "w" batch_size: 0 inputs { key: "z" value { data_type: TYPE_FP32 '
               "dims: [ 1, 10 ] zero_data: true } } }", "Warm-up sample 'w'"),
}


def test_wrong_configurations_are_refused_with_a_sentence(tmp_path):
    for name, (text, _) in WRONG.items():
        save(Scale(1.0), tmp_path, name, 1, "model.pt")
        write(text, tmp_path, name, "config.pbtxt")
    save(torch.nn.Linear(10, 5), tmp_path, "size", 1, "model.pt")
    write('max_batch_size: 8 input { name: "INPUT__0" dims: 4 }', tmp_path, "size", "config.pbtxt")
    save(torch.nn.Conv2d(3, 4, 3), tmp_path, "rank", 1, "model.pt")
    write('max_batch_size: 8 input { name: "INPUT__0" dims: [ 3, 8 ] }', tmp_path, "rank", "config.pbtxt")
    save(Scale(1.0), tmp_path, "both", 1, "model.pt")
    write("", tmp_path, "both", "config.pbtxt")
    write("{}", tmp_path, "both", "config.json")
    with harness.Server(tmp_path) as server:
        index = server.index()
        for name, sentence in [(name, sentence) for name, (_, sentence) in WRONG.items()] + [
                ("size", "the model takes a last dimension of 10"),
                ("rank", "has shape [-1,3,8] with the batch, but the model takes [-1,3,-1,-1]"), ("both", "keep one")]:
            assert index[name]["state"] == "UNAVAILABLE", name
            assert sentence in index[name]["reason"], index[name]
            assert harness.is_one_sentence(index[name]["reason"]), index[name]
            assert server.post(f"/predict/{name}", {"input": [[1]]}).status == 503


@pytest.mark.parametrize("transport", ["http", "grpc"])
def test_explicit_control(repository, transport):
    with harness.Server(repository, "--model-control", "explicit", "--load-model", "pair") as server:
        assert "model_repository(unload_dependents)" in server.get("/v2").json["extensions"]
        assert server.index()["pair"]["state"] == "READY"
        assert server.index()["scale"]["state"] == "UNAVAILABLE"
        seen = client("triton_control_client.py", transport, server)
    assert (seen["before"], seen["loaded"], seen["unloaded"]) == (False, True, False)
    assert (seen["limit"], seen["other_limit"], seen["limit_after_refusal"]) == (8, 2, 2)
    assert seen["answer"] == [[3.0] * 10]
    assert "max_batch_size must be 0 to" in seen["bad_config"]
    assert "not supported" in seen["files"]
    assert "There is no model 'nobody'" in seen["unknown"]
    assert "not available" in seen["infer_unloaded"] or "unloaded" in seen["infer_unloaded"]


def test_without_the_flag_nothing_is_loaded_or_unloaded(server):
    for what in ("load", "unload"):
        answer = server.post(f"/v2/repository/models/scale/{what}")
        assert answer.status == 501
        assert "--model-control explicit" in answer.error
    assert server.post("/v2/repository/main/models/scale/load").status == 501


def test_a_reload_loses_no_request_and_a_failed_one_changes_nothing(tmp_path):
    save(Scale(1.0), tmp_path, "m", 1, "model.pt")
    with harness.Server(tmp_path, "--model-control", "explicit", "--load-model", "m") as server:
        stop = threading.Event()
        seen, wrong = set(), []

        def ask():
            while not stop.is_set():
                answer = server.post("/predict/m", {"input": [[1.0]]})
                if answer.status != 200:
                    wrong.append(answer.body)
                    return
                seen.add(answer.json["output"][0][0])

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for version in range(2, 6):
            save(Scale(float(version)), tmp_path, "m", version, "model.pt")
            assert server.post("/v2/repository/models/m/load").status == 200
            assert server.predict("m", [[1.0]]) == [[float(version)]]
        write("garbage", tmp_path, "m", 6, "model.pt")
        failed = server.post("/v2/repository/models/m/load")
        assert failed.status == 400
        assert harness.is_one_sentence(failed.error)
        assert server.predict("m", [[1.0]]) == [[5.0]]
        stop.set()
        for thread in threads:
            thread.join()
        assert not wrong
        assert seen >= {5.0}
        states = {entry["version"]: entry["state"] for entry in server.post("/v2/repository/index").json}
        assert states == {"5": "READY", "6": "UNAVAILABLE"}
        assert server.post("/v2/repository/models/m/unload").status == 200
        assert server.post("/predict/m", {"input": [[1.0]]}).status == 503
        harness.wait_for("the series to go", lambda: not [
            name for name, labels, _ in server.metrics()
            if name == "nv_inference_count" and labels.get("model") == "m"])
