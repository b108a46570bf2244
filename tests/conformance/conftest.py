import os
import subprocess
import sys

import pytest

import harness

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from good_inputs import GOOD, ROW, wanted_bytes  # noqa: E402
from transports import JSON, RAW, Client, Infer, Tensor  # noqa: E402

MAX_REQUEST_BYTES = 2 << 20
GROWTH_MIB = 64  # what allocators and caches may keep
LINEAR = next(case for case in GOOD if case.name == "linear-one-row")


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """The models of models.py; made in another process, so that this one has no LibTorch."""
    directory = str(tmp_path_factory.mktemp("conformance-models"))
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "models.py")
    subprocess.run([sys.executable, script, directory], check=True)
    return directory


class Usage:
    """What a process holds: memory, threads, open files."""

    def __init__(self, server):
        pid = server.process.pid
        self.rss_mib = server.rss_mib()
        self.threads = len(os.listdir(f"/proc/{pid}/task"))
        self.files = len(os.listdir(f"/proc/{pid}/fd"))


def assert_serves(client):
    """The server still gives the right answer, over REST and gRPC."""
    for transport in (JSON, RAW):
        outcome = client.infer(LINEAR.request, transport)
        assert outcome.outputs == wanted_bytes(LINEAR), outcome


def assert_has_not_grown(server, before):
    """Fails unless memory, threads and open files are as before, connections having been let go."""
    now = Usage(server)
    assert now.rss_mib < before.rss_mib + GROWTH_MIB, (before.rss_mib, now.rss_mib)

    def settled():
        now = Usage(server)
        return now.threads <= before.threads and now.files <= before.files
    harness.wait_for(f"threads <= {before.threads} and files <= {before.files}", settled, 30)


def warm_up(client):
    """Sends every good request, so that what is made at first use has been made."""
    for case in GOOD:
        for transport in case.via:
            client.infer(case.request, transport)
    client.infer(Infer("slow", (Tensor("x", "FP32", (1, 1), ROW[:1]),)), RAW)


@pytest.fixture(scope="module")
def server(models):
    """One server a module, with a small limit on a request's bytes."""
    with harness.Server(models, "--max-request-bytes", MAX_REQUEST_BYTES) as server:
        yield server


@pytest.fixture(scope="module")
def client(server, stubs):
    client = Client(server, *stubs)
    yield client
    client.close()


@pytest.fixture(scope="module")
def before(server, client):
    warm_up(client)
    return Usage(server)
