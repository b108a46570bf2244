"""A model directory that changes while the server runs."""

import json
import os
import shutil

import harness
import pytest
import version_swaps as swaps
import torch

BROKEN = b"this is no model"


@pytest.fixture
def directory(tmp_path):
    directory = swaps.Directory(str(tmp_path))
    directory.move_in(1)
    return directory


def index(server):
    return {(entry["name"], int(entry.get("version", 0))): entry
            for entry in server.post("/v2/repository/index").json}


def test_swaps_a_broken_upload_and_a_rollback_fail_no_request(directory):
    with harness.Server(directory.root, "--log-level", "info") as server, \
            swaps.Clients(server, 4, serving=1) as clients:
        for version in range(2, 5):
            swaps.swap(directory, server, clients, version - 1, version, slowly=version == 3)
        swaps.break_version(directory, server, 5, BROKEN)
        directory.route(stable=4)
        harness.wait_for("the label", lambda: "labels.stable" in server.metadata(swaps.MODEL)["properties"])
        directory.move_in(5)  # has no label: it gets nothing
        harness.wait_for("version 5", lambda: swaps.states(server).get(5) == "READY")
        took = swaps.roll_back(directory, server, clients, good=4, bad=5)
        loads = [line for line in server.lines if line["event"] == "model loading" and line["version"] == 4]
        assert len(loads) == 1, "a rollback loads nothing"
    assert not clients.failures, clients.failures[:3]
    assert not clients.wrong(), clients.wrong()[:3]
    assert {version for _, _, version in clients.answers} == {1, 2, 3, 4, 5}
    assert took < 2


def test_new_changed_and_removed_files_are_noticed(tmp_path):
    with harness.Server(tmp_path) as server:
        torch.jit.script(swaps.AddVersion(1)).save(str(tmp_path / "m.pt"))
        harness.wait_for("the new model", lambda: index(server).get(("m", 1), {}).get("state") == "READY")
        assert server.post("/predict/m", {"input": [[0, 0, 0, 0]]}).json["output"] == [[1, 1, 1, 1]]
        torch.jit.script(swaps.AddVersion(2)).save(str(tmp_path / "m.pt"))
        harness.wait_for("the changed model", lambda: server.post(
            "/predict/m", {"input": [[0, 0, 0, 0]]}).json["output"] == [[2, 2, 2, 2]])
        (tmp_path / "m.pt").write_bytes(BROKEN)
        failed = harness.wait_for("the refusal", lambda: index(server)["m", 1].get("reason"))
        assert "serves on" in failed and harness.is_one_sentence(failed)
        assert index(server)["m", 1]["state"] == "READY"
        assert server.metric("flambeau_model_load_failed", model="m", version="1") == 1
        assert server.metric("flambeau_model_load_failures_total", model="m") == 1
        assert server.post("/predict/m", {"input": [[0, 0, 0, 0]]}).json["output"] == [[2, 2, 2, 2]]
        (tmp_path / "m.pt").unlink()
        harness.wait_for("the end", lambda: not index(server))
        assert server.post("/predict/m", {"input": [[0, 0, 0, 0]]}).status == 404
        assert server.post("/v2/repository/models/m/load").status == 501


def test_a_directory_made_in_place_is_noticed(tmp_path):
    with harness.Server(tmp_path) as server:
        (tmp_path / "m" / "1").mkdir(parents=True)
        torch.jit.script(swaps.AddVersion(1)).save(str(tmp_path / "m" / "1" / "model.pt"))
        # Sooner than what is half copied is given up.
        harness.wait_for("the new model", lambda: index(server).get(("m", 1), {}).get("state") == "READY", seconds=20)
        assert server.post("/predict/m", {"input": [[0, 0, 0, 0]]}).json["output"] == [[1, 1, 1, 1]]


def test_one_file_is_watched_too(tmp_path):
    file = str(tmp_path / "m.pt")
    torch.jit.script(swaps.AddVersion(1)).save(file)
    with harness.Server(file) as server:
        torch.jit.script(swaps.AddVersion(2)).save(str(tmp_path / "other.pt"))
        os.replace(tmp_path / "other.pt", file)
        harness.wait_for("the new file", lambda: server.post(
            "/predict", {"input": [[0, 0, 0, 0]]}).json.get("output") == [[2, 2, 2, 2]])
        assert set(index(server)) == {("m", 1)}


def test_without_watching_nothing_changes(directory):
    with harness.Server(directory.root, "--model-control", "none") as server:
        directory.move_in(2)
        shutil.rmtree(os.path.join(directory.model, "1"))
        assert not any(thread_name.startswith("watch") for thread_name in threads(server))
        assert swaps.states(server) == {1: "READY"}


def threads(server):
    folder = f"/proc/{server.process.pid}/task"
    names = []
    for thread in os.listdir(folder):
        with open(os.path.join(folder, thread, "comm"), encoding="utf-8") as file:
            names.append(file.read().strip())
    return names


@pytest.fixture
def routed(directory):
    directory.move_in(2)
    text = json.dumps({"labels": {"stable": 1, "canary": 2}, "shares": {"canary": 25}})
    directory.write("routing.json", text.encode())
    with harness.Server(directory.root) as server:
        yield server


def test_labels_and_shares_over_rest(routed):
    zeros = {"input": [[0, 0, 0, 0]]}
    infer = {"inputs": [{"name": "x", "shape": [1, 4], "datatype": "FP32", "data": [0, 0, 0, 0]}]}
    assert routed.post("/predict/swapped/canary", zeros).json["output"] == [[2, 2, 2, 2]]
    assert routed.post("/predict/swapped/stable:forward", zeros).headers["X-Model-Version"] == "1"
    answer = routed.post("/v2/models/swapped/versions/canary/infer", infer)
    assert answer.json["model_version"] == "2"
    assert routed.get("/v2/models/swapped/versions/canary").json["versions"] == ["2"]
    properties = routed.metadata("swapped")["properties"]
    assert (properties["labels.canary"], properties["shares.canary"]) == ("2", "25")
    given = [routed.post("/v2/models/swapped/infer", infer).json["model_version"] for _ in range(40)]
    assert 8 <= given.count("2") <= 12 and given.count("1") + given.count("2") == 40
    unknown = routed.post("/predict/swapped/beta", zeros)
    assert unknown.status == 404 and "canary, stable" in unknown.error


def test_labels_over_grpc(routed, stubs):
    import grpc

    messages, service = stubs
    with grpc.insecure_channel(f"127.0.0.1:{routed.grpc_port}") as channel:
        stub = service.GRPCInferenceServiceStub(channel)
        request = messages.ModelInferRequest(model_name="swapped", model_version="canary")
        tensor = request.inputs.add(name="x", datatype="FP32", shape=[1, 4])
        tensor.contents.fp32_contents.extend([0, 0, 0, 0])
        assert stub.ModelInfer(request).model_version == "2"
        request.model_version = "stable"
        assert stub.ModelInfer(request).model_version == "1"
        request.model_version = "beta"
        with pytest.raises(grpc.RpcError) as unknown:
            stub.ModelInfer(request)
        assert unknown.value.code() == grpc.StatusCode.NOT_FOUND
