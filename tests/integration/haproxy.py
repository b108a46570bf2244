"""HAProxy with config/haproxy/haproxy.cfg, its addresses replaced; ./dev test unpacks its Debian package."""

import csv
import io
import os
import re
import shutil
import socket
import subprocess
import urllib.request

import harness
import pytest

CONFIG = os.path.join(harness.ROOT, "config", "haproxy", "haproxy.cfg")
UNPACKED = os.path.join(harness.ROOT, ".cache", "haproxy", "usr", "sbin", "haproxy")


def free_ports(count):
    """Ports that nobody listens on; they stay the same when a server is restarted."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


class HAProxy:
    """In front of three servers, given as (HTTP port, gRPC port). Use as a context manager."""

    def __init__(self, folder, servers):
        self._binary = UNPACKED if os.path.exists(UNPACKED) else shutil.which("haproxy")
        if self._binary is None:
            pytest.skip("no haproxy here; ./dev test fetches it")
        self.http_port, self.grpc_port, self._stats_port = free_ports(3)
        with open(CONFIG, encoding="utf-8") as file:
            text = file.read()
        for number, (http, grpc) in enumerate(servers, 1):
            text = re.sub(rf"10\.0\.0\.{number}:8001 proto h2 port 8000",
                          f"127.0.0.1:{grpc} proto h2 port {http}", text)
            text = text.replace(f"10.0.0.{number}:8000", f"127.0.0.1:{http}")
        for sample, port in ((8000, self.http_port), (8001, self.grpc_port), (8404, self._stats_port)):
            text = text.replace(f"bind :{sample}", f"bind 127.0.0.1:{port}")
        text = re.sub(r"^ *stats socket .*$", "", text, flags=re.MULTILINE)
        text = text.replace("inter 1s fastinter 200ms", "inter 200ms fastinter 100ms")  # the tests are short
        assert "10.0.0." not in text
        self._path = folder / "haproxy.cfg"
        self._path.write_text(text)
        self._log = open(folder / "haproxy.log", "w", encoding="utf-8")

    def __enter__(self):
        self._process = subprocess.Popen([self._binary, "-db", "-f", str(self._path)], stdout=self._log,
                                         stderr=subprocess.STDOUT)
        harness.wait_for("HAProxy's servers", lambda: self.up() == {"a", "b", "c"})
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        self._log.close()

    def rows(self, backend):
        """{server: its row of HAProxy's statistics}; empty before it listens."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._stats_port}/;csv", timeout=10) as response:
                text = response.read().decode()
        except OSError:
            assert self._process.poll() is None, "HAProxy ended: see haproxy.log"
            return {}
        return {row["svname"]: row for row in csv.DictReader(io.StringIO(text.lstrip("# ")))
                if row["pxname"] == backend and row["svname"] in ("a", "b", "c")}

    def up(self):
        """The servers that are up, for REST and for gRPC."""
        return set.intersection(*({name for name, row in self.rows(backend).items() if row["status"] == "UP"}
                                  for backend in ("rest", "grpc")))
