"""A real Prometheus scrapes the server and answers with the number of requests sent."""

import os
import socket
import urllib.request

import harness
import pytest
from prometheus import Prometheus

SENT = 37


@pytest.fixture
def server(demo_models):
    with harness.Server(os.path.join(demo_models, "linear.pt")) as running:
        yield running


def test_prometheus_counts_the_requests(server, tmp_path):
    for _ in range(SENT):
        server.predict("linear", [[1] * 10])
    with Prometheus(tmp_path, [server.http_port]) as prometheus:
        def counted():
            (up,) = prometheus.query('up{job="flambeau"}') or [None]
            if up is None or up["value"][1] != "1":
                return False
            result = prometheus.query(
                'sum(flambeau_requests_total{model="linear",protocol="http",status="OK"})')
            return bool(result) and float(result[0]["value"][1]) == SENT

        harness.wait_for("the request count in Prometheus", counted)
        (success,) = prometheus.query('nv_inference_request_success{model="linear"}')
        assert float(success["value"][1]) == SENT
        (bucket,) = prometheus.query('sum(flambeau_request_seconds_count{model="linear"})')
        assert float(bucket["value"][1]) == SENT


def test_metrics_are_on_their_own_port_too(demo_models):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
    with harness.Server(os.path.join(demo_models, "linear.pt"), "--metrics-port", free) as server:
        with urllib.request.urlopen(f"http://127.0.0.1:{free}/metrics", timeout=10) as response:
            assert response.headers["Content-Type"].startswith("text/plain")
            names = {name for name, _, _ in harness.parse_metrics(response.read().decode())}
        assert {"process_cpu_seconds_total", "process_resident_memory_bytes"} <= names
        assert server.get("/metrics").status == 200
