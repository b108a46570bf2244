"""A bare file tells less than its first request does: what that shows is tried out, and kept."""

import threading

import harness
import pytest
import torch
from test_optimizations import properties

ROW = [[[[0.5] * 24] * 24] * 16]


class Weighted(torch.nn.Module):
    """Frozen it takes a third of the time: what it computes of its table alone becomes a number."""

    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(16, 16, 1)
        self.table = torch.nn.Parameter(torch.randn(1000, 1000))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(x).mean((2, 3)) * float(self.table.exp().mean())


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """weighted.pt alone: a convolution does not tell its height and width."""
    directory = tmp_path_factory.mktemp("bare")
    torch.manual_seed(3)
    torch.jit.script(Weighted().eval()).save(str(directory / "weighted.pt"))
    return directory


def refined(line):
    return line.get("event") == "model refined"


def count(server):
    return server.get("/v2/models/weighted/stats").json["model_stats"][0]["inference_count"]


def test_the_first_request_makes_it_faster_and_the_next_start_knows(model, tmp_path):
    flags = ("--cache-dir", str(tmp_path), "--log-level", "info")
    with harness.Server(model, *flags) as server:
        assert properties(server, "weighted")["optimizations"] == "none"
        wanted = server.predict("weighted", ROW)
        server.wait_line(refined)
        told = properties(server, "weighted")
        assert told["optimizations"] != "none"
        assert told["batching"] == "proven"
        torch.testing.assert_close(torch.tensor(server.predict("weighted", ROW)),
                                   torch.tensor(wanted), rtol=1e-4, atol=1e-5)
        assert count(server) == 2, "what takes its place counts on"
    with harness.Server(model, *flags) as server:
        again = properties(server, "weighted")
        assert again["optimizations"] == told["optimizations"]
        assert again["batching"] == "proven", "without a request"
        # Another size is as welcome as before.
        assert len(server.predict("weighted", [[[[0.5] * 10] * 12] * 16])[0]) == 16


def test_no_request_fails_while_it_is_replaced(model, tmp_path):
    with harness.Server(model, "--cache-dir", str(tmp_path), "--log-level", "info") as server:
        stop = threading.Event()
        failures = []
        answers = []

        def ask():
            while not stop.is_set():
                try:
                    answers.append(server.predict("weighted", ROW)[0][0])
                except Exception as error:
                    failures.append(error)
                    return

        threads = [threading.Thread(target=ask) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            server.wait_line(refined)
            before = len(answers)
            harness.wait_for("more answers", lambda: failures or len(answers) >= before + 10)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        assert not failures
        assert max(answers) - min(answers) < 1e-4
        assert count(server) == len(answers)


def test_without_optimizations_it_stays_as_it_is_and_its_proof_is_kept(model, tmp_path):
    flags = ("--cache-dir", str(tmp_path), "--optimizations", "none", "--log-level", "info")
    with harness.Server(model, *flags) as server:
        server.predict("weighted", ROW)
        harness.wait_for("the proof to be kept", lambda: any(
            '"proven"' in file.read_text() for file in tmp_path.rglob("*.json")))
    with harness.Server(model, *flags) as server:
        assert properties(server, "weighted")["batching"] == "proven"
