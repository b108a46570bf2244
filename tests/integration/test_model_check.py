"""Models are tried out in a process of their own: what crashes, hangs or fills memory there is refused."""

import os
import shutil

import harness
import pytest
import torch


class Endless(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(10, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.linear(x)
        i = 0
        while i < 10:
            i = i * 2
        return y


class Crash(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(10, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.linear(x)
        return y + float(3 % (y.size(1) - 5))  # the processor's own error: SIGFPE


class Hungry(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(10, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.linear(x) + torch.ones([1 << 40]).sum()


class Chatty(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(10, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        print("inspection {}")
        print("error 3 This is the model speaking.")
        return self.linear(x)


class Counter(torch.nn.Module):
    calls: int

    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(10, 5)
        self.calls = 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        return self.linear(x) + self.calls


def save(module, path):
    torch.jit.script(module.eval()).save(str(path))


@pytest.fixture
def models(demo_models, tmp_path):
    """A directory to change: linear.pt is in it."""
    directory = tmp_path / "models"
    directory.mkdir()
    shutil.copy(os.path.join(demo_models, "linear.pt"), directory / "linear.pt")
    return directory


def checks(server):
    """{model: was it known already}, of the models loaded at the start."""
    server.wait_line(lambda line: line["event"].startswith("serving"))
    return {line["model"]: line["cached"] for line in server.lines
            if line is not None and line["event"] == "model checked"}


def test_a_model_that_crashes_hangs_or_fills_memory_is_refused_and_the_rest_serve(models):
    for module in (Endless(), Crash(), Hungry(), Chatty()):
        save(module, models / f"{type(module).__name__.lower()}.pt")
    with harness.Server(models, "--check-timeout", 10) as server:
        index = server.index()
        assert {name for name, entry in index.items() if entry["state"] == "READY"} == {"linear", "chatty"}
        for name, wanted in [("endless", "did not end within 10 s while its method 'forward' ran"),
                             ("crash", "SIGFPE while its method 'forward' ran"),
                             ("hungry", "memory for one row of its method 'forward'")]:
            reason = index[name]["reason"]
            assert wanted in reason
            assert harness.is_one_sentence(reason), reason
        assert len(server.predict("linear", [[1] * 10])[0]) == 5
        assert len(server.predict("chatty", [[1] * 10])[0]) == 5


def test_a_warm_start_checks_nothing_again(models, tmp_path):
    cache = ("--cache-dir", tmp_path / "cache")
    with harness.Server(models, *cache) as server:
        assert checks(server) == {"linear": False}
        verdict = server.batching("linear")
    shutil.copy(models / "linear.pt", models / "twin.pt")
    with harness.Server(models, *cache) as server:
        assert checks(server) == {"linear": True, "twin": True}
        assert server.batching("linear") == server.batching("twin") == verdict == ("proven", "")
    with harness.Server(models, *cache, "--max-batch-size", 4) as server:
        assert checks(server) == {"linear": False, "twin": False}, "another question"


def test_without_a_place_to_keep_checks_they_are_made_each_time(models):
    for flags, environment in [(("--cache-dir", "none"), {}), (("--cache-dir", "/proc/none"), {}),
                               (("--cache-dir", ""), {"HOME": "", "XDG_CACHE_HOME": ""})]:
        with harness.Server(models, *flags, environment=environment) as server:
            assert checks(server) == {"linear": False}


def test_inline_the_server_finds_out_by_itself(models):
    with harness.Server(models, "--check-models", "inline") as server:
        assert checks(server) == {}
        assert server.batching("linear") == ("proven", "")


def test_the_results_of_a_model_that_counts_are_known_before_it_counts(models):
    save(Counter(), models / "counter.pt")
    with harness.Server(models) as server:
        assert server.metadata("counter")["outputs"] == [
            {"name": "output", "datatype": "FP32", "shape": [-1, 5]}]
        zero = [[0.0] * 10]
        first = server.predict("counter", zero)[0][0]
        assert first == pytest.approx(torch.jit.load(str(models / "counter.pt"))(torch.tensor(zero))[0, 0].item())


def test_declared_shapes_are_tried(models):
    class Any(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x * 2

    (models / "any").mkdir()
    save(Any(), models / "any" / "model.pt")
    (models / "any" / "config.pbtxt").write_text(
        'max_batch_size: 4 input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }')
    with harness.Server(models) as server:
        assert checks(server)["any"] is False
        assert server.metadata("any")["outputs"][0]["shape"] == [-1, 3]
        assert server.batching("any") == ("proven", "")


def children(pid):
    found = []
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/children", encoding="utf-8") as file:
            found += map(int, file.read().split())
    return found


def test_a_check_ends_with_its_server(models):
    save(Endless(), models / "endless.pt")
    with harness.Server(models, "--load-model", "endless", "--model-control", "explicit",
                        wait_ready=False) as server:
        (child,) = harness.wait_for("the check", lambda: children(server.process.pid))
        server.process.kill()
        server.wait()

        def gone():
            try:
                with open(f"/proc/{child}/stat", encoding="utf-8") as file:
                    return file.read().rsplit(")", 1)[1].split()[0] in "ZX"
            except FileNotFoundError:
                return True
        harness.wait_for("the check's end", gone)
