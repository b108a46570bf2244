"""What makes a model faster is kept only if it answers the same; which is told."""

import json
import os
import shutil

import harness
import pytest
import torch


class ConvNorm(torch.nn.Module):
    """Shapes are declared beside it: a convolution does not tell its height and width."""

    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(*[layer for _ in range(4) for layer in (
            torch.nn.Conv2d(16, 16, 3, padding=1), torch.nn.BatchNorm2d(16), torch.nn.ReLU())])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layers(x).mean((2, 3))


class Cancels(torch.nn.Module):
    """Folding the normalisation into the convolution loses other digits than running both."""

    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 4, 1)
        self.norm = torch.nn.BatchNorm2d(4)
        with torch.no_grad():
            self.conv.bias.fill_(1e5)
            self.norm.running_mean.fill_(1e5)
            self.norm.running_var.fill_(1e-8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.norm(self.conv(x)).mean((2, 3))


def add(directory, name, module, dims):
    """name/model.pt with a configuration that declares the shape of x."""
    torch.manual_seed(3)
    (directory / name).mkdir(parents=True)
    torch.jit.script(module.eval()).save(str(directory / name / "model.pt"))
    (directory / name / "config.pbtxt").write_text(
        f'max_batch_size: 8 input {{ name: "x" data_type: TYPE_FP32 dims: {dims} }}')


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    directory = tmp_path_factory.mktemp("models")
    add(directory, "norm", ConvNorm(), [16, 24, 24])
    add(directory, "cancels", Cancels(), [3, 24, 24])
    return directory


def properties(server, model):
    return server.metadata(model)["properties"]


def test_what_was_tried_is_told_and_answers_are_as_before(models):
    with harness.Server(models) as server:
        told = properties(server, "norm")
        for name in ("freeze", "optimize-for-inference", "channels-last"):
            used = name in told["optimizations"].split(",")
            assert f"{name} is {'used' if used else 'not used'}: " in told["notes"]
        assert told["batching"] == "proven"
        x = torch.randn(3, 16, 24, 24)
        answer = server.predict("norm", x.tolist())
        wanted = torch.jit.load(str(models / "norm" / "model.pt"))(x)
        torch.testing.assert_close(torch.tensor(answer), wanted, rtol=1e-4, atol=1e-5)


def test_one_that_changes_answers_is_not_used(models):
    with harness.Server(models) as server:
        told = properties(server, "cancels")
        assert "freeze is not used: it changes answers" in told["notes"]
        assert "freeze" not in told["optimizations"]


def test_none_may_be_tried(models):
    with harness.Server(models, "--optimizations", "none") as server:
        told = properties(server, "norm")
        assert told["optimizations"] == "none"
        assert "notes" not in told


def test_a_model_of_unknown_shape_stays_as_it_is(models, tmp_path):
    shutil.copy(models / "norm" / "model.pt", tmp_path / "norm.pt")
    with harness.Server(tmp_path) as server:
        told = properties(server, "norm")
        assert told["optimizations"] == "none"
        assert "nothing is optimised: the shapes" in told["notes"]


def test_inspect_tries_a_bare_file_with_the_shapes_that_it_is_told(models, tmp_path):
    file = tmp_path / "bare.pt"
    shutil.copy(models / "norm" / "model.pt", file)
    code, out, _ = harness.run_server("inspect", "--shape", "x=1,16,24,24", file)
    assert code == 0
    assert "freeze is " in out
    assert "batching: proven" in out
    code, _, complaint = harness.run_server("inspect", "--shape", "x=1,3,24,24", file)
    assert code == 3
    assert complaint.endswith("Input 'x' cannot have the shape [1,3,24,24]: the model takes [-1,16,-1,-1], where -1 "
                              "is any size.\n")
    code, _, complaint = harness.run_server("inspect", "--shape", "y=1,3,24,24", file)
    assert code == 3
    assert "forward has no tensor 'y'" in complaint


def test_inspect_tells_the_same_with_the_configuration_beside_the_file(models):
    code, out, _ = harness.run_server("inspect", "--json", os.path.join(models, "norm", "model.pt"))
    assert code == 0
    facts = json.loads(out)
    assert facts["methods"][0]["results"][0]["shape"]["value"] == [-1, 16]
    assert any(note.startswith("freeze is ") for note in facts["notes"])
    code, out, _ = harness.run_server("inspect", os.path.join(models, "cancels", "model.pt"),
                                      "--optimizations", "freeze")
    assert code == 0
    assert "freeze is not used: it changes answers" in out
    assert "optimizations: none" in out
