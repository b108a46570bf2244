"""Three servers behind HAProxy: restarted one after the other, one killed, under load over REST and gRPC."""

import concurrent.futures
import contextlib
import http.client
import os
import signal
import threading

import harness
import numpy as np
import pytest
from haproxy import HAProxy, free_ports

LOADERS = 3  # of each protocol
NAMES = "abc"


class Replicas:
    """Three servers on ports that stay theirs."""

    def __init__(self, model):
        self._model = model
        ports = free_ports(6)
        self.ports = list(zip(ports[:3], ports[3:], strict=True))
        self.servers = [None] * 3
        self._stack = contextlib.ExitStack()

    def __enter__(self):
        for number in range(3):
            self.start(number, wait_ready=False)
        for server in self.servers:
            server.wait_ready()
        return self

    def __exit__(self, *_):
        self._stack.close()

    def start(self, number, wait_ready=True):
        http_port, grpc_port = self.ports[number]
        self.servers[number] = self._stack.enter_context(harness.Server(
            self._model, "--http-port", http_port, "--grpc-port", grpc_port, "--log-level", "info",
            "--instances", 1, "--threads", 1, wait_ready=wait_ready))


class Load:
    """Asks until it is stopped. `answered` and `failed` count; every answer is checked."""

    def __init__(self, package, proxy, retry):
        self._package = package
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self.answered = {"rest": 0, "grpc": 0}
        self.failed = []
        rest = [package.RestClient(f"http://127.0.0.1:{proxy.http_port}", timeout=20, retry=retry)
                for _ in range(LOADERS)]
        # A channel each: they would share one connection else.
        grpc = [package.GrpcClient(f"127.0.0.1:{proxy.grpc_port}", timeout=20, retry=retry,
                                   options=[("grpc.use_local_subchannel_pool", 1)]) for _ in range(LOADERS)]
        self._clients = [("rest", client) for client in rest] + [("grpc", client) for client in grpc]

    def __enter__(self):
        self._pool = concurrent.futures.ThreadPoolExecutor(len(self._clients))
        self._jobs = [self._pool.submit(self._ask, *pair) for pair in self._clients]
        self.wait_for_more(50)
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._pool.shutdown()
        for _, client in self._clients:
            client.close()

    def check(self):
        """Raises what a loader raised."""
        for job in self._jobs:
            if job.done():
                job.result()

    def wait_for_more(self, number):
        """Until so many more requests were answered over each protocol."""
        before = dict(self.answered)

        def more():
            self.check()
            return all(self.answered[protocol] >= before[protocol] + number for protocol in before)

        harness.wait_for("answers", more)

    def _ask(self, protocol, client):
        x = np.ones((1, 10), np.float32)
        expected = None
        while not self._stop.wait(0.002):
            try:
                output = client.infer("linear", x).output
            except self._package.FlambeauError as error:
                with self._lock:
                    self.failed.append((protocol, error))
                continue
            expected = output if expected is None else expected
            np.testing.assert_allclose(output, expected, rtol=1e-6)
            with self._lock:
                self.answered[protocol] += 1


@pytest.fixture(scope="module")
def replicas(demo_models):
    with Replicas(os.path.join(demo_models, "linear.pt")) as made:
        yield made


def test_a_rolling_restart_fails_no_request(replicas, package, tmp_path):
    """With the client's ordinary retries; no server is taken out of the balancer before it stops."""
    with HAProxy(tmp_path, replicas.ports) as proxy, Load(package, proxy, package.Retry()) as load:
        for number, name in enumerate(NAMES):
            replicas.servers[number].signal(signal.SIGTERM)
            assert replicas.servers[number].wait() == 0
            harness.wait_for(f"HAProxy to miss {name}", lambda gone=name: gone not in proxy.up())
            load.wait_for_more(20)
            replicas.start(number)
            harness.wait_for(f"HAProxy to find {name}", lambda back=name: back in proxy.up())
            load.wait_for_more(50)
        load.check()
        assert load.failed == []
        assert min(load.answered.values()) > 300
        for server in replicas.servers:  # each new process got its share
            for protocol in ("http", "grpc"):
                assert server.metric("flambeau_requests_total", protocol=protocol, status="OK") > 10


def test_a_killed_server_fails_no_more_than_it_was_answering(replicas, package, tmp_path):
    """Without a single retry of the client's: HAProxy's own remain."""
    with HAProxy(tmp_path, replicas.ports) as proxy, Load(package, proxy, package.NEVER) as load:
        replicas.servers[0].signal(signal.SIGKILL)
        replicas.servers[0].wait()
        harness.wait_for("HAProxy to miss a", lambda: proxy.up() == {"b", "c"})
        load.wait_for_more(100)
        load.check()
        print(f"failed after kill -9: {len(load.failed)} of {sum(load.answered.values())}")
        assert len(load.failed) <= 2 * LOADERS, load.failed
        assert {error.code for _, error in load.failed} <= {package.Code.UNAVAILABLE}, load.failed
        replicas.start(0)
        harness.wait_for("HAProxy to find a", lambda: "a" in proxy.up())


# ---- What HAProxy sends again, and whom it ejects: by servers that answer as told ----


@contextlib.contextmanager
def answering(status):
    """A server that is ready and answers each POST with `status`; yields (port, list of what it got)."""
    got = []

    class Handler(harness.Handler):
        def answer(self, code):
            self.send_response(code)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self):
            self.answer(200)

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            got.append(self.path)
            self.answer(status)

    with harness.listening(Handler) as port:
        yield port, got


@pytest.mark.parametrize("status,sent_again", [(429, False), (500, False), (504, False), (503, True)])
def test_haproxy_ejects_nobody_for_an_answer_and_sends_only_503_again(tmp_path, status, sent_again):
    requests = 20
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(answering(status)) for _ in range(3)]
        proxy = stack.enter_context(HAProxy(tmp_path, [(port, port) for port, _ in servers]))
        for _ in range(requests):
            connection = http.client.HTTPConnection("127.0.0.1", proxy.http_port, timeout=harness.PATIENCE)
            connection.request("POST", "/predict/m", b"{}")
            assert connection.getresponse().status == status
            connection.close()
        got = sum(len(paths) for _, paths in servers)
        assert got == (requests * 4 if sent_again else requests)  # 3 retries
        assert proxy.up() == {"a", "b", "c"}
        assert all(int(row["chkdown"]) == 0 for row in proxy.rows("rest").values())
