"""--tune measures how a model runs best, says so, and remembers it; what somebody said stays."""

import re

import harness
import pytest
import torch


class Layers(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(torch.nn.Linear(32, 64), torch.nn.ReLU(), torch.nn.Linear(64, 8))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layers(x)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    directory = tmp_path_factory.mktemp("models")
    torch.manual_seed(5)
    module = torch.jit.script(Layers().eval())
    module.save(str(directory / "plain.pt"))
    (directory / "declared").mkdir()
    module.save(str(directory / "declared" / "model.pt"))
    (directory / "declared" / "config.pbtxt").write_text(
        "max_batch_size: 16 instance_group { count: 1 kind: KIND_CPU }")
    return directory


def told(server, event, model):
    return server.wait_line(lambda line: line.get("event") == event and line.get("model") == model)


def chosen(summary):
    """(instances, threads, rows) of what was measured to be best."""
    found = re.match(r"(\d+) x (\d+) \(instances x threads\) gives \d+ rows/s in batches of (\d+); a run of b rows "
                     r"takes [\d.]+ \+ [\d.]+ b us$", summary)
    assert found, summary
    return tuple(int(number) for number in found.groups())


def config(server, model):
    answer = server.get(f"/v2/models/{model}/config").json
    return answer["instance_group"][0]["count"], answer["max_batch_size"]


def test_what_is_measured_is_how_it_runs_and_is_kept(models, tmp_path):
    flags = ("--tune", "--cache-dir", tmp_path)
    with harness.Server(models, *flags) as server:
        summary = told(server, "model tuned", "plain")["result"]
        instances, threads, rows = chosen(summary)
        cores = server.wait_line(lambda line: line.get("event") == "starting")["cores"]
        assert instances * threads <= cores
        assert config(server, "plain") == (instances, max(rows, 2))
        assert server.metadata("plain")["properties"]["batching"] == "proven"
        assert "tuned: " + summary in server.metadata("plain")["properties"]["notes"]
        x = torch.randn(3, 32)
        wanted = torch.jit.load(str(models / "plain.pt"))(x)
        torch.testing.assert_close(torch.tensor(server.predict("plain", x.tolist())), wanted, rtol=1e-4, atol=1e-5)
        before = config(server, "plain")
        # Its configuration says how many workers and rows: what is left are the threads.
        assert chosen(told(server, "model tuned", "declared")["result"])[0] == 1
        assert config(server, "declared") == (1, 16)
    with harness.Server(models, *flags) as server:
        for model in ("plain", "declared"):
            assert told(server, "model checked", model)["cached"]
        assert not [line for line in server.lines if line["event"] == "model tuned"]
        assert config(server, "plain") == before


def test_what_a_flag_says_stays(models, tmp_path):
    with harness.Server(models / "plain.pt", "--tune", "--cache-dir", tmp_path, "--instances", 1, "--threads", 1,
                        "--max-batch-size", 4) as server:
        instances, threads, rows = chosen(told(server, "model tuned", "plain")["result"])
        assert (instances, threads) == (1, 1)
        assert rows <= 4
        assert config(server, "plain") == (1, max(rows, 2))


def test_without_it_nothing_is_measured(models, tmp_path):
    with harness.Server(models / "plain.pt", "--cache-dir", tmp_path) as server:
        assert not told(server, "model checked", "plain")["cached"]
        assert not [line for line in server.lines if line["event"] == "model tuned"]
        assert "tuned" not in server.metadata("plain")["properties"].get("notes", "")


def test_inspect_shows_the_curves(models):
    code, out, _ = harness.run_server("inspect", "--tune", "--max-batch-size", 8, models / "plain.pt")
    assert code == 0
    assert "\ntuned: " in out
    table = out[out.index("instances x threads"):]
    sizes = re.findall(r"^ +\d+ x 1 +(\d+) +[\d.]+ +\d+$", table, re.MULTILINE)
    assert sizes == ["1", "2", "4", "8"]
    assert re.search(r"^ +\d+ x 1 +l\(b\) = [\d.]+ \+ [\d.]+ b us$", table, re.MULTILINE)
