"""A real Prometheus on a free port, for tests; ./dev test unpacks its Debian package into .cache."""

import json
import os
import shutil
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import harness
import pytest
import yaml

UNPACKED = os.path.join(harness.ROOT, ".cache", "prometheus", "usr", "bin")


def program(name):
    """The path of `prometheus` or `promtool`; skips the test where there is none."""
    unpacked = os.path.join(UNPACKED, name)
    found = unpacked if os.path.exists(unpacked) else shutil.which(name)
    if found is None:
        pytest.skip(f"no {name} here; ./dev test fetches it")
    return found


class Prometheus:
    """Scrapes `targets` (ports) five times a second as job `flambeau`. Use as a context manager."""

    def __init__(self, folder, targets, rules=None):
        config = {
            "global": {"scrape_interval": "200ms", "scrape_timeout": "200ms", "evaluation_interval": "200ms"},
            "scrape_configs": [{"job_name": "flambeau", "static_configs": [
                {"targets": [f"127.0.0.1:{port}" for port in targets]}]}],
        }
        if rules is not None:
            (folder / "rules.yml").write_text(yaml.safe_dump(rules))
            config["rule_files"] = ["rules.yml"]
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
        self._log_path = folder / "prometheus.log"
        self._log = open(self._log_path, "w", encoding="utf-8")
        self._process = subprocess.Popen(
            [program("prometheus"), f"--config.file={folder}/prometheus.yml",
             f"--storage.tsdb.path={folder}/data", "--web.listen-address=127.0.0.1:0"],
            stdout=self._log, stderr=subprocess.STDOUT)
        self._port = 0

    def __enter__(self):
        self._port = harness.wait_for("Prometheus' port", self._find_port)
        harness.wait_for("Prometheus' storage", self._ready)
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        self._log.close()

    def _find_port(self):
        log = self._log_path.read_text(encoding="utf-8")
        assert self._process.poll() is None, log
        for line in log.splitlines():
            if "Listening on" in line and "address=" in line:
                return int(line.split("address=")[1].split()[0].rsplit(":", 1)[1])
        return 0

    def _ready(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/-/ready", timeout=10):
                return True
        except urllib.error.HTTPError:  # it listens before its storage is open
            return False

    def _get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self._port}{path}", timeout=10) as response:
            return json.load(response)["data"]

    def query(self, expression):
        """[{metric: labels, value: [time, text]}]"""
        try:
            return self._get("/api/v1/query?" + urllib.parse.urlencode({"query": expression}))["result"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{expression}: {error.read().decode()}") from error

    def firing(self):
        """{(alert, model)} of the alerts that fire now."""
        return {(alert["labels"]["alertname"], alert["labels"].get("model", ""))
                for alert in self._get("/api/v1/alerts")["alerts"] if alert["state"] == "firing"}
