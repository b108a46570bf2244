"""Connections that are kept and say nothing cost no thread, and keep nobody from an answer."""

import contextlib
import http.client
import json
import os
import re

import harness
import pytest

IDLE = 300
BODY = json.dumps({"input": [[1] * 10]})


@pytest.fixture
def server(demo_models):
    with harness.Server(os.path.join(demo_models, "linear.pt"), "--log-level", "info") as running:
        yield running


def threads(server):
    with open(f"/proc/{server.process.pid}/status", encoding="utf-8") as file:
        return int(re.search(r"Threads:\s+(\d+)", file.read()).group(1))


def ask(connection):
    connection.request("POST", "/predict/linear", BODY)
    response = connection.getresponse()
    answer = response.read()
    assert response.status == 200, answer
    return json.loads(answer)["output"]


def connect(server, stack):
    connection = http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=harness.PATIENCE)
    stack.callback(connection.close)
    connection.connect()
    connection.auto_open = 0  # one that the server ends is not opened anew
    return connection


def test_idle_connections_take_no_thread_and_starve_nobody(server):
    with contextlib.ExitStack() as stack:
        first = connect(server, stack)
        expected = ask(first)
        before = threads(server)
        idle = [connect(server, stack) for _ in range(IDLE)]
        for connection in idle:
            assert ask(connection) == expected
        active = [connect(server, stack) for _ in range(8)]
        for _ in range(20):
            for connection in active:
                assert ask(connection) == expected
        assert server.metric("flambeau_connections", listener="http") > IDLE
        assert threads(server) < before + IDLE // 10  # libraries' own may come and go
        for connection in (first, *idle):  # still open, all of them
            assert ask(connection) == expected
