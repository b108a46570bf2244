"""Start, mistakes at the start, and stop."""

import concurrent.futures
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time

import harness
import pytest
import torch


@pytest.fixture
def models(demo_models, tmp_path):
    """A directory to change: linear.pt is in it."""
    shutil.copy(os.path.join(demo_models, "linear.pt"), tmp_path / "linear.pt")
    return tmp_path


def in_flight(server):
    return server.metric("flambeau_in_flight")


def test_the_three_layouts(models):
    shutil.copy(models / "linear.pt", models / "single.pt")
    (models / "folder").mkdir()
    shutil.copy(models / "linear.pt", models / "folder" / "model.pt")
    for version in ("1", "3", "10"):
        (models / "versions" / version).mkdir(parents=True)
        shutil.copy(models / "linear.pt", models / "versions" / version / "model.pt")
    with harness.Server(models) as server:
        index = server.index()
        assert {name: entry["version"] for name, entry in index.items() if entry["state"] == "READY"} == {
            "linear": "1", "single": "1", "folder": "1", "versions": "10"}
        assert server.post("/predict/versions", {"input": [[1] * 10]}).status == 200
        answer = server.post("/v2/models/versions/infer", {"inputs": [
            {"name": "input", "shape": [1, 10], "datatype": "FP32", "data": [1] * 10}]})
        assert answer.json["model_version"] == "10"


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04 not a zip at all", None], ids=repr)
def test_a_bad_file_is_reported_and_the_rest_serve(models, content):
    if content is None:  # half of a good one
        whole = (models / "linear.pt").read_bytes()
        content = whole[: len(whole) // 2]
    (models / "bad.pt").write_bytes(content)
    with harness.Server(models) as server:
        assert len(server.predict("linear", [[1] * 10])[0]) == 5
        entry = server.index()["bad"]
        assert entry["state"] == "UNAVAILABLE"
        assert harness.is_one_sentence(entry["reason"]), entry["reason"]
        assert server.post("/predict/bad", {"input": [[1]]}).status == 503
        assert server.get("/v2/models/bad/ready").status == 503
        server.wait_line(lambda line: line.get("model") == "bad" and line["level"] in ("warning", "error"))
        assert server.metric("flambeau_model_state", model="bad", state="READY") == 0
        assert server.metric("flambeau_model_state", model="bad", state="UNAVAILABLE") == 1
        assert server.metric("flambeau_model_state", model="linear", state="READY") == 1


def test_a_state_dict_is_told_from_a_model(models):
    torch.save(torch.nn.Linear(2, 2).state_dict(), models / "weights.pt")
    with harness.Server(models) as server:
        reason = server.index()["weights"]["reason"]
        assert harness.is_one_sentence(reason), reason
        assert "torch.jit" in reason


def test_an_empty_directory_starts_with_a_hint(tmp_path):
    with harness.Server(tmp_path) as server:
        server.wait_line(lambda line: ".pt" in str(line))
        assert server.post("/v2/repository/index").json == []
        assert server.post("/predict", {"input": [1]}).status in (400, 404)


def test_a_file_beside_a_folder_of_its_name_refuses_both(models):
    (models / "linear").mkdir()
    shutil.copy(models / "linear.pt", models / "linear" / "model.pt")
    shutil.copy(models / "linear.pt", models / "other.pt")
    with harness.Server(models) as server:
        index = server.index()
        assert index["linear"]["state"] == "UNAVAILABLE"
        assert "linear.pt" in index["linear"]["reason"]
        assert server.post("/predict/linear", {"input": [[1] * 10]}).status == 503
        assert len(server.predict("other", [[1] * 10])[0]) == 5


@pytest.mark.parametrize("flag", ["--http-port", "--grpc-port", "--metrics-port"])
def test_a_busy_port_is_a_sentence_and_exit_code_4(models, flag):
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        ports = {"--http-port": "0", "--grpc-port": "0", "--metrics-port": "0", flag: str(port)}
        code, _, err = harness.run_server(models, *[word for pair in ports.items() for word in pair])
    assert code == 4, err
    last = err.strip().splitlines()[-1]
    assert str(port) in last and "in use" in last


@pytest.mark.parametrize("flags,named", [
    (["--no-such-flag"], "--no-such-flag"),
    (["--http-port", "seven"], "--http-port"),
    (["--http-port", "70000"], "--http-port"),
    (["--max-batch-size", "0"], "--max-batch-size"),
    (["--max-batch-size", "-1"], "--max-batch-size"),
    (["--threads", "-1"], "--threads"),
    (["--log-format", "xml"], "--log-format"),
    (["--device", "tpu"], "--device"),
    (["--config", "/no/such/file.json"], "--config"),
], ids=str)
def test_a_bad_flag_is_a_sentence_and_exit_code_2(models, flags, named):
    started = time.monotonic()
    code, _, err = harness.run_server(models, *flags)
    assert code == 2, err
    assert named in err
    assert len(err.strip().splitlines()) <= 2
    assert time.monotonic() - started < 5


def test_no_such_directory_is_exit_code_3(tmp_path):
    code, _, err = harness.run_server(tmp_path / "nothing", "--http-port", "0", "--grpc-port", "0")
    assert code == 3
    assert "nothing" in err


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
@pytest.mark.parametrize("device", ["cuda", "cuda:0", "cuda:7"])
def test_a_gpu_that_is_not_there_is_an_error_at_the_start(models, device):
    code, _, err = harness.run_server(models, "--device", device, "--http-port", "0", "--grpc-port", "0",
                                      "--metrics-port", "0")
    assert code == 3, err
    last = err.strip().splitlines()[-1]
    assert "cuda" in last.lower()
    assert "terminate" not in err


def test_environment_and_file_set_flags_too(models, tmp_path_factory):
    config = tmp_path_factory.mktemp("config") / "server.json"
    config.write_text('{"max-request-bytes": 4096}')
    with harness.Server(models, "--config", config) as server:
        assert server.post("/predict/linear", b" " * 8192).status == 413
    with harness.Server(models, environment={"FLAMBEAU_MAX_REQUEST_BYTES": "2048"}) as server:
        assert server.post("/predict/linear", b" " * 4096).status == 413
    with harness.Server(models, "--max-request-bytes", "16384",
                        environment={"FLAMBEAU_MAX_REQUEST_BYTES": "2048"}) as server:
        assert server.post("/predict/linear", b" " * 4096).status == 400  # read, and no JSON


@pytest.fixture(scope="module")
def slow_model(adversarial_models, tmp_path_factory):
    directory = tmp_path_factory.mktemp("slow")
    shutil.copy(os.path.join(adversarial_models, "slow.pt"), directory / "slow.pt")
    return directory


def test_sigterm_finishes_what_runs_refuses_what_is_new_and_exits_0(slow_model):
    with harness.Server(slow_model) as server, concurrent.futures.ThreadPoolExecutor(1) as pool:
        running = pool.submit(server.post, "/predict/slow", {"input": [[1.0]]})
        harness.wait_for("the request in flight", lambda: in_flight(server) > 0)
        with socket.create_connection(("127.0.0.1", server.http_port), timeout=30) as kept:
            kept.sendall(b"GET /v2/health/ready HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b"200 OK" in kept.recv(65536)
            server.signal()
            server.wait_line(lambda line: line["event"] == "stopping")
            answer = running.result()
            assert answer.status == 200
            assert answer.json == {"output": [[1.0]]}
        assert server.wait() == 0
        with contextlib.suppress(OSError):
            assert server.get("/v2/health/ready", timeout=5).status == 503


def test_a_second_signal_stops_at_once(slow_model):
    with harness.Server(slow_model) as server, concurrent.futures.ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(server.post, "/predict/slow", {"input": [[1.0]]}) for _ in range(4)]
        harness.wait_for("requests in flight", lambda: in_flight(server) >= 2)
        server.signal()
        server.wait_line(lambda line: line["event"] == "stopping")
        started = time.monotonic()
        server.signal(signal.SIGINT)
        code = server.wait(seconds=20)
        assert time.monotonic() - started < 5
        assert code != 0
        for job in jobs:
            job.exception()  # whatever became of it, it has ended


def is_refused(server):
    with contextlib.suppress(ConnectionResetError):  # it stopped during the handshake: ask again
        try:
            socket.create_connection(("127.0.0.1", server.http_port), timeout=30).close()
        except ConnectionRefusedError:
            return True
    return False


def test_during_the_drain_delay_it_is_not_ready_and_answers(models):
    with harness.Server(models, "--drain-delay", "3600") as server:
        server.signal()
        # Each on a connection of its own, as a balancer's checks and new clients come.
        harness.wait_for("not ready", lambda: server.get("/v2/health/ready").status == 503)
        assert server.get("/v2/models/linear/ready").status == 503
        assert server.get("/v2/health/live").status == 200
        assert len(server.predict("linear", [[1] * 10])[0]) == 5
        command = [harness.COMMAND, "--server", f"127.0.0.1:{server.grpc_port}", "predict", "--model", "linear",
                   "--input", str([[1] * 10])]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr
        server.signal()  # ends the delay
        assert server.wait() == 0
        assert is_refused(server)


def test_a_second_signal_ends_the_drain_delay_but_no_request(slow_model):
    with harness.Server(slow_model, "--drain-delay", "3600") as server, \
            concurrent.futures.ThreadPoolExecutor(1) as pool:
        server.signal()
        harness.wait_for("not ready", lambda: server.get("/v2/health/ready").status == 503)
        running = pool.submit(server.post, "/predict/slow", {"input": [[1.0]]})
        harness.wait_for("the request in flight", lambda: in_flight(server) > 0)
        server.signal()
        harness.wait_for("no new connections", lambda: is_refused(server))
        assert running.result().status == 200
        assert server.wait() == 0


def test_the_drain_delay_ends_by_itself(models):
    with harness.Server(models, "--drain-delay", "1") as server:
        started = time.monotonic()
        server.signal()
        assert server.wait() == 0
        assert time.monotonic() - started >= 1


def test_the_drain_is_bounded(slow_model):
    with harness.Server(slow_model, "--drain-timeout", "1", "--instances", "1") as server:
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            jobs = [pool.submit(server.post, "/predict/slow", {"input": [[1.0]]}) for _ in range(8)]
            harness.wait_for("requests in flight", lambda: in_flight(server) >= 8)
            started = time.monotonic()
            server.signal()
            server.wait(seconds=60)
            assert time.monotonic() - started < 10
            for job in jobs:
                job.exception()


def test_stop_does_not_wait_for_a_load(demo_models):
    with harness.Server(demo_models, wait_ready=False) as server:
        server.signal()
        started = time.monotonic()
        assert server.wait(seconds=30) == 0
        assert time.monotonic() - started < 10


def test_a_deadline_passed_in_the_queue_is_504(slow_model):
    with harness.Server(slow_model, "--instances", "1", "--request-timeout-ms", "700") as server:
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            answers = list(pool.map(lambda _: server.post("/predict/slow", {"input": [[1.0]]}), range(3)))
        assert 504 in [answer.status for answer in answers]
        for answer in answers:
            assert answer.status in (200, 504)


def test_a_full_queue_is_429_with_retry_after(slow_model):
    with harness.Server(slow_model, "--instances", "1", "--max-queue-size", "1") as server:
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: server.post("/predict/slow", {"input": [[1.0]]}), range(8)))
    refused = [answer for answer in answers if answer.status == 429]
    assert refused
    assert all(int(answer.headers["Retry-After"]) >= 1 for answer in refused)
    assert [answer for answer in answers if answer.status == 200]
