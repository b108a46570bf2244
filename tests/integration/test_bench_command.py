"""`flambeau bench` against a running server, and against one that misbehaves."""

import json
import signal
import subprocess
import time

import harness
import pytest


def bench(*flags, code=0):
    result = subprocess.run([harness.COMMAND, "bench", *(str(flag) for flag in flags)], capture_output=True,
                            text=True, timeout=harness.PATIENCE, check=False)
    assert result.returncode == code, result.stdout + result.stderr
    return result


def measure(server, *flags, seconds=0.5, code=0):
    result = bench("--server", f"127.0.0.1:{server.grpc_port}", "--url", f"http://127.0.0.1:{server.http_port}",
                   "--warmup", 0.1, "--duration", seconds, "--json", *flags, code=code)
    assert result.stderr == ""  # progress is for terminals
    return json.loads(result.stdout)


def check(seen):
    assert seen["requests"] > 0
    assert seen["errors"] == {}
    assert seen["requests_per_second"] == pytest.approx(seen["requests"] / seen["seconds"])
    latency = seen["latency_us"]
    assert 0 < latency["p50"] <= latency["p90"] <= latency["p99"] <= latency["p999"] <= latency["max"]
    assert latency["p50"] > 10
    assert 0 < latency["mean"] <= latency["max"]


@pytest.mark.parametrize("protocol", ["grpc", "http", "json", "predict"])
def test_a_closed_loop(server, protocol):
    seen = measure(server, "linear", "--protocol", protocol, "--concurrency", 8)
    check(seen)
    assert (seen["loop"], seen["concurrency"], seen["not_sent"]) == ("closed", 8, 0)
    of_server = seen["server"]
    assert of_server["requests"] > 0 and of_server["errors"] == 0
    assert of_server["batch_size_mean"] >= 1
    assert of_server["compute_us_mean"] > 0


@pytest.mark.parametrize("protocol", ["grpc", "http"])
@pytest.mark.parametrize("distribution", ["poisson", "constant"])
def test_an_open_loop(server, protocol, distribution):
    seen = measure(server, "linear", "--protocol", protocol, "--rate", 100, "--distribution", distribution,
                   seconds=2)
    check(seen)
    assert (seen["loop"], seen["rate"], seen["distribution"]) == ("open", 100, distribution)
    # What was due is what was answered, however slow the machine is; ten may be the warm-up's. Poisson: 6 deviations.
    slack = 1 if distribution == "constant" else 85
    assert 200 - slack <= seen["requests"] + seen["not_sent"] <= 210 + slack


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_a_server_that_stands_still_shows_in_every_request_that_was_due(demo_models, protocol):
    with harness.Server(f"{demo_models}/linear.pt") as server:
        command = [harness.COMMAND, "bench", "linear", "--server", f"127.0.0.1:{server.grpc_port}", "--url",
                   f"http://127.0.0.1:{server.http_port}", "--protocol", protocol, "--rate", "100", "--distribution",
                   "constant", "--concurrency", "1", "--warmup", "0", "--duration", "5", "--json"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            harness.wait_for("a request", lambda: server.get("/v2/models/linear/stats").json["model_stats"][0][
                "inference_count"])
            server.signal(signal.SIGSTOP)
            time.sleep(1.5)
            server.signal(signal.SIGCONT)
            seen = json.loads(process.communicate(timeout=harness.PATIENCE)[0])
    # One connection, so one request only waited for an answer; the others waited to be sent.
    assert seen["errors"] == {}
    assert 499 <= seen["requests"] + seen["not_sent"] <= 501
    assert seen["latency_us"]["max"] > 1_400_000
    assert seen["latency_us"]["p90"] > 500_000


def test_an_overloaded_server(server):
    for protocol in ("grpc", "http"):
        seen = measure(server, "linear", "--protocol", protocol, "--rate", 1_000_000, "--concurrency", 4)
        assert seen["requests"] > 0 and seen["not_sent"] > 0
        # Whatever was answered had been due long before.
        assert seen["latency_us"]["p50"] > 100_000


def test_threads_share_the_connections(server):
    for protocol in ("http", "grpc"):
        check(measure(server, "linear", "--protocol", protocol, "--concurrency", 5, "--threads", 3))


def test_many_connections_most_of_them_idle(server):
    seen = measure(server, "linear", "--protocol", "http", "--concurrency", 64, "--idle-connections", 300)
    check(seen)
    assert seen["idle_connections"] == {"opened": 300, "closed_by_server": 0}


def test_inputs_can_be_given(server, tmp_path):
    rows = tmp_path / "rows.json"
    rows.write_text(json.dumps([[0.5] * 10] * 4))
    for protocol in ("grpc", "http", "json", "predict"):
        seen = measure(server, "linear", "--protocol", protocol, "--input", f"@{rows}")
        check(seen)
        # Rows: four in each request.
        assert seen["server"]["rows"] == 4 * seen["server"]["requests"]
    seen = measure(server, "linear", "--shape", "input=3,10", "--zeros")
    assert seen["server"]["rows"] == 3 * seen["server"]["requests"]


@pytest.mark.parametrize("protocol,code", [("grpc", "INVALID_ARGUMENT"), ("http", "400"), ("json", "400"),
                                           ("predict", "400")])
def test_errors_are_counted_by_code(server, protocol, code):
    seen = measure(server, "linear", "--protocol", protocol, "--shape", "input=1,3", code=1)
    assert seen["requests"] == 0
    assert list(seen["errors"]) == [code] and seen["errors"][code] > 0
    assert "input" in seen["first_error"]


def test_the_table(server):
    result = bench("linear", "--server", f"127.0.0.1:{server.grpc_port}", "--warmup", 0, "--duration", 0.3)
    assert result.stderr == ""
    for word in ("linear by grpc, 1 at once", "requests/s", "errors      0\n", "p99.9", "batch size"):
        assert word in result.stdout


@pytest.mark.parametrize("flags,code,words", [
    (["nobody"], 1, "nobody"),
    (["nobody", "--protocol", "http"], 1, "nobody"),
    (["linear", "--shape", "x"], 2, "--shape 'x'"),
    (["linear", "--shape", "x=1"], 2, "no input 'x'"),
    (["linear", "--input", "[[1,"], 2, "--input"),
    (["linear", "--protocol", "http", "--url", "localhost:1"], 2, "--url http://HOST:PORT"),
    (["linear", "--protocol", "http", "--url", "http://127.0.0.1:1"], 3, "127.0.0.1:1"),
    (["linear", "--protocol", "smtp"], 2, "--protocol"),
    (["linear", "--concurrency", "0"], 2, "--concurrency"),
])
def test_mistakes_are_one_sentence(server, flags, code, words):
    where = ["--server", f"127.0.0.1:{server.grpc_port}"]
    if "--url" not in flags:
        where += ["--url", f"http://127.0.0.1:{server.http_port}"]
    result = bench(*flags, *where, code=code)
    assert result.stdout == ""
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    assert words in result.stderr


class Stubborn(harness.Handler):
    """Answers metadata, and each inference as the path's model says."""

    def _answer(self, status, body, *headers):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self._answer(404 if self.path.endswith("/stats") else 200, json.dumps(
            {"name": "m", "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 2]}], "outputs": []}).encode())

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        if "closes" in self.path:
            self._answer(200, b"{}", ("Connection", "close"))
        elif "drops" in self.path:
            self.close_connection = True
        elif "busy" in self.path:
            self._answer(429, b'{"error": "Too much."}')
        else:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")


def of_another(port, model, *flags, code=1):
    result = bench(model, "--protocol", "http", "--url", f"http://127.0.0.1:{port}", "--warmup", 0,
                   "--duration", 0.5, "--concurrency", 4, "--json", *flags, code=code)
    return json.loads(result.stdout)


def test_other_servers_may_close_connections_or_drop_requests():
    with harness.listening(Stubborn) as port:
        seen = of_another(port, "closes", code=0)
        assert seen["requests"] > 0 and seen["errors"] == {}
        assert "server" not in seen  # it keeps no statistics
        assert list(of_another(port, "drops")["errors"]) == ["connection"]
        seen = of_another(port, "busy")
        assert list(seen["errors"]) == ["429"] and seen["first_error"] == "Too much."
        seen = of_another(port, "chunked")
        assert list(seen["errors"]) == ["protocol"] and "Content-Length" in seen["first_error"]
