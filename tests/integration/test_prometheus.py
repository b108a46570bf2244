"""A real Prometheus scrapes the server and answers with the number of requests sent."""

import json
import os
import shutil
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import harness
import pytest

UNPACKED = os.path.join(harness.ROOT, ".cache", "prometheus", "usr", "bin", "prometheus")
SENT = 37


@pytest.fixture
def prometheus_binary():
    found = UNPACKED if os.path.exists(UNPACKED) else shutil.which("prometheus")
    if found is None:
        pytest.skip("no prometheus here; ./dev test fetches it")
    return found


@pytest.fixture
def server(demo_models):
    with harness.Server(os.path.join(demo_models, "linear.pt")) as running:
        yield running


def query(port, expression):
    url = f"http://127.0.0.1:{port}/api/v1/query?" + urllib.parse.urlencode({"query": expression})
    try:
        with urllib.request.urlopen(url, timeout=10) as response:
            return json.load(response)["data"]["result"]
    except urllib.error.HTTPError as error:
        assert error.code == 503  # it listens before its storage is open
        return []


def test_prometheus_counts_the_requests(server, prometheus_binary, tmp_path):
    for _ in range(SENT):
        server.predict("linear", [[1] * 10])
    config = tmp_path / "prometheus.yml"
    config.write_text(json.dumps({
        "global": {"scrape_interval": "200ms", "scrape_timeout": "200ms"},
        "scrape_configs": [{"job_name": "flambeau", "static_configs": [
            {"targets": [f"127.0.0.1:{server.http_port}"]}]}],
    }))
    log = open(tmp_path / "log", "w+", encoding="utf-8")
    process = subprocess.Popen(
        [prometheus_binary, f"--config.file={config}", f"--storage.tsdb.path={tmp_path}/data",
         "--web.listen-address=127.0.0.1:0"], stdout=log, stderr=subprocess.STDOUT)
    try:
        def port():
            assert process.poll() is None
            with open(tmp_path / "log", encoding="utf-8") as file:
                for line in file:
                    if "Listening on" in line and "address=" in line:
                        return int(line.split("address=")[1].split()[0].rsplit(":", 1)[1])
            return 0

        its_port = harness.wait_for("Prometheus' port", port)

        def counted():
            (up,) = query(its_port, 'up{job="flambeau"}') or [None]
            if up is None or up["value"][1] != "1":
                return False
            result = query(its_port, 'sum(flambeau_requests_total{model="linear",protocol="http",status="OK"})')
            return bool(result) and float(result[0]["value"][1]) == SENT

        harness.wait_for("the request count in Prometheus", counted)
        (success,) = query(its_port, 'nv_inference_request_success{model="linear"}')
        assert float(success["value"][1]) == SENT
        (bucket,) = query(its_port, 'sum(flambeau_request_seconds_count{model="linear"})')
        assert float(bucket["value"][1]) == SENT
    finally:
        process.kill()
        process.wait()
        log.close()


def test_metrics_are_on_their_own_port_too(demo_models):
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
    with harness.Server(os.path.join(demo_models, "linear.pt"), "--metrics-port", free) as server:
        with urllib.request.urlopen(f"http://127.0.0.1:{free}/metrics", timeout=10) as response:
            assert response.headers["Content-Type"].startswith("text/plain")
            names = {name for name, _, _ in harness.parse_metrics(response.read().decode())}
        assert {"process_cpu_seconds_total", "process_resident_memory_bytes"} <= names
        assert server.get("/metrics").status == 200
