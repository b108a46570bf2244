"""Triton's perf_analyzer (PyPI perf-analyzer) against a running server: it finishes, and its report has what
the server itself counted. FLAMBEAU_PERF_ANALYZER names the program, else the PATH is searched."""

import csv
import os
import shutil
import subprocess

import harness
import pytest


@pytest.fixture(scope="module")
def perf_analyzer():
    found = os.environ.get("FLAMBEAU_PERF_ANALYZER") or shutil.which("perf_analyzer")
    if not found:
        pytest.skip("no perf_analyzer here; set FLAMBEAU_PERF_ANALYZER to try it")
    return found


@pytest.fixture(scope="module")
def server(demo_models):
    with harness.Server(os.path.join(demo_models, "linear.pt"), "--allow-shared-memory") as running:
        yield running


def measure(program, server, report, protocol, *flags):
    """The rows of its report: short windows, judged stable whatever they say, so that it ends soon."""
    port = server.grpc_port if protocol == "grpc" else server.http_port
    command = [program, "-m", "linear", "-u", f"127.0.0.1:{port}", "-i", protocol, "--shape", "input:1,10",
               "-p", "300", "-r", "10", "-s", "1000", "-f", str(report), *flags]
    result = subprocess.run(command, capture_output=True, text=True, timeout=harness.PATIENCE, check=False)
    assert result.returncode == 0, " ".join(command) + "\n" + result.stdout + result.stderr
    assert "Server:" in result.stdout, result.stdout
    with open(report, encoding="utf-8") as file:
        return list(csv.DictReader(file))


def check(rows, count, cause):
    assert len(rows) == count, rows
    for row in rows:
        assert float(row["Inferences/Second"]) > 10, (cause, row)
        assert float(row["Server Compute Infer"]) > 0, (cause, row)  # from the server's statistics
        for name in ("Server Queue", "Server Compute Input", "Server Compute Output"):
            assert float(row[name]) >= 0


MODES = {
    "concurrency": (["--concurrency-range", "1:4"], 4),
    "request rate": (["--request-rate-range", "50:100:50"], 2),
    "shared memory": (["--shared-memory", "system", "--output-shared-memory-size", "64",
                       "--concurrency-range", "2"], 1),
}


@pytest.mark.parametrize("protocol", ["http", "grpc"])
@pytest.mark.parametrize("mode", MODES)
def test_perf_analyzer(perf_analyzer, server, tmp_path, protocol, mode):
    flags, count = MODES[mode]
    check(measure(perf_analyzer, server, tmp_path / "report.csv", protocol, *flags), count, mode)


def test_perf_analyzer_streams(perf_analyzer, server, tmp_path):
    rows = measure(perf_analyzer, server, tmp_path / "report.csv", "grpc", "--streaming",
                   "--concurrency-range", "2")
    check(rows, 1, "streaming")
