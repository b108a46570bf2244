"""Traces of requests, set up by clients, written where the operator says."""

import json

import grpc
import harness
import pytest

STEPS = ["REQUEST_START", "QUEUE_START", "COMPUTE_START", "COMPUTE_INPUT_END", "COMPUTE_OUTPUT_START",
         "COMPUTE_END", "REQUEST_END"]


@pytest.fixture
def server(demo_models, tmp_path):
    with harness.Server(f"{demo_models}/linear.pt", "--trace-file", tmp_path / "traces.json") as running:
        yield running


def infer(server, name="input"):
    return server.post("/v2/models/linear/infer", {"id": "asked", "inputs": [
        {"name": name, "datatype": "FP32", "shape": [1, 10], "data": [1.0] * 10}]})


def elements(path, count):
    """The file's elements once there are so many; while it is being written it is not JSON."""
    def read():
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except json.JSONDecodeError:
            return None
        return found if len(found) == count else None
    return harness.wait_for(f"{count} elements", read)


def test_each_chosen_request_is_in_the_file(server, tmp_path):
    path = tmp_path / "traces.json"
    assert "trace" in server.get("/v2").json["extensions"]
    assert infer(server).status == 200
    set_up = server.post("/v2/models/linear/trace/setting", {
        "trace_level": ["TIMESTAMPS"], "trace_rate": "2", "trace_count": "2"})
    assert set_up.json["trace_file"] == "traces.json", "no directories"
    assert json.loads(path.read_text(encoding="utf-8")) == []
    for _ in range(9):
        assert infer(server).status == 200
    found = elements(path, 4)
    assert found[0] == {"id": 1, "model_name": "linear", "model_version": 1, "request_id": "asked"}
    assert [element["id"] for element in found] == [1, 1, 2, 2]
    for element in found[1::2]:
        assert [stamp["name"] for stamp in element["timestamps"]] == STEPS
        times = [stamp["ns"] for stamp in element["timestamps"]]
        assert times == sorted(times) and times[0] < times[-1]
    assert server.get("/v2/models/linear/trace/setting").json["trace_count"] == "0"


def test_grpc_sets_them_up_too_and_failures_have_no_compute(server, tmp_path, stubs):
    messages, service = stubs
    with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel:
        request = messages.TraceSettingRequest(model_name="linear")
        for name, value in {"trace_level": "TIMESTAMPS", "trace_rate": "1", "log_frequency": "1"}.items():
            request.settings[name].value.append(value)
        service.GRPCInferenceServiceStub(channel).TraceSetting(request, timeout=60)
    assert infer(server).status == 200
    assert infer(server, "nothing").status == 400
    assert infer(server).status == 200
    for part in range(2):
        found = elements(harness.wait_for("the file", lambda part=part: next(
            iter(tmp_path.glob(f"traces.json.{part}")), None)), 2)
        assert found[1]["id"] == part + 1, "the refused one was not traced"


def test_a_client_chooses_no_path(server, tmp_path):
    wanted = tmp_path / "other.json"
    answer = server.post("/v2/trace/setting", {"trace_file": str(wanted), "trace_level": ["TIMESTAMPS"]})
    assert answer.status == 400
    assert answer.error == "The setting 'trace_file' cannot be changed; leave it out."
    assert not wanted.exists()
    assert server.get("/v2/trace/setting").json["trace_level"] == ["OFF"]


def test_without_the_flag_there_are_none(demo_models):
    with harness.Server(f"{demo_models}/linear.pt") as running:
        assert "trace" not in running.get("/v2").json["extensions"]
        running.post("/v2/trace/setting", {"trace_level": ["TIMESTAMPS"], "trace_rate": "1"})
        running.wait_line(lambda line: "--trace-file names no file" in line.get("event", ""))


def test_a_file_that_cannot_be_written_is_an_error_at_start(demo_models, tmp_path):
    code, _, text = harness.run_server(f"{demo_models}/linear.pt", "--trace-file", tmp_path / "no" / "t.json",
                                       "--http-port", 0, "--grpc-port", 0, "--metrics-port", 0)
    assert code == 3
    assert "no/t.json' cannot be written; name another with --trace-file." in text
