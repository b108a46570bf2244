"""What is checked of a server beside its answers: that it serves, and that it has not grown."""

import os

import harness
from good_inputs import GOOD, ROW, wanted_bytes
from transports import JSON, RAW, Infer, Tensor

MAX_REQUEST_BYTES = 2 << 20
GROWTH_MIB = 64  # what allocators and caches may keep
LINEAR = next(case for case in GOOD if case.name == "linear-one-row")


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

    # gRPC's own executor adds threads as it is used, up to two a core.
    most_threads = before.threads + 2 * os.cpu_count()

    def settled():
        now = Usage(server)
        return now.threads <= most_threads and now.files <= before.files
    harness.wait_for(f"threads <= {most_threads} and files <= {before.files}", settled, 30)


def warm_up(client):
    """Sends every good request, so that what is made at first use has been made."""
    for case in GOOD:
        for transport in case.via:
            client.infer(case.request, transport)
    client.infer(Infer("slow", (Tensor("x", "FP32", (1, 1), ROW[:1]),)), RAW)
