"""The C++ client library: installed, found by another project's find_package, and run against a real server."""

import os
import shutil
import subprocess

import harness
import pytest
import torch

CLIENT = os.path.join(harness.ROOT, "client", "cpp")


class Echo(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.clone()


def run(*command, **more):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=600, **more)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The prefix that the library was installed into."""
    prefix = tmp_path_factory.mktemp("prefix")
    run("cmake", "--install", harness.BUILD, "--component", "client", "--prefix", prefix)
    return prefix


def build(source, installed, directory):
    run("cmake", "-S", source, "-B", directory, f"-DCMAKE_PREFIX_PATH={installed}")
    run("cmake", "--build", directory)
    return directory


@pytest.fixture(scope="module")
def example(installed, tmp_path_factory):
    return build(os.path.join(CLIENT, "example"), installed, tmp_path_factory.mktemp("example"))


@pytest.fixture(scope="module")
def check(installed, tmp_path_factory):
    source = os.path.join(os.path.dirname(__file__), "cpp_client")
    return build(source, installed, tmp_path_factory.mktemp("check")) / "check"


@pytest.fixture(scope="module")
def models(demo_models, adversarial_models, tmp_path_factory):
    directory = tmp_path_factory.mktemp("models")
    shutil.copy(os.path.join(demo_models, "linear.pt"), directory)
    shutil.copy(os.path.join(adversarial_models, "slow.pt"), directory)
    torch.jit.script(Echo().eval()).save(str(directory / "echo.pt"))
    return directory


@pytest.fixture(scope="module")
def server(models):
    with harness.Server(models, "--allow-shared-memory", "--instances", 1, "--threads", 1) as running:
        yield running


def ask(program, server, *words):
    return run(program, f"127.0.0.1:{server.grpc_port}", *words).splitlines()


def test_headers_need_abseils_status_alone(installed, tmp_path):
    source = tmp_path / "all.cc"
    headers = sorted((installed / "include" / "flambeau").iterdir())
    assert {"client.h", "stream.h", "shared_memory.h"} <= {header.name for header in headers}
    source.write_text("".join(f"#include <flambeau/{header.name}>\n" for header in headers))
    listed = run("c++", "-std=c++20", "-M", f"-I{installed}/include", source)
    assert "flambeau/client.h" in listed
    assert "/absl/" in listed
    assert not [word for word in listed.split() if "grpc" in word or "google" in word]


def test_the_example_gets_the_models_own_numbers(example, server, demo_models):
    linear = torch.jit.load(os.path.join(demo_models, "linear.pt"))
    lines = ask(example / "example", server)
    assert [line.split(":")[0] for line in lines] == ["blocking", "asynchronous", "streamed", "streamed", "stream"]
    assert lines[-1] == "stream: OK"
    for line, value in zip(lines[:-1], [0.5, 1.0, 0.0, 2.0], strict=True):
        numbers = [float(word) for word in line.split(":")[1].split()]
        expected = linear(torch.full((1, 10), value)).flatten()
        torch.testing.assert_close(torch.tensor(numbers), expected, rtol=1e-4, atol=1e-4)


def test_the_example_says_that_nobody_answers(example):
    done = subprocess.run([example / "example", "127.0.0.1:1"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "no server answers at 127.0.0.1:1" in done.stderr


def test_many_requests_are_in_flight(check, server):
    assert ask(check, server, "async") == ["0.000000: 100", "1.000000: 100"]


def test_a_request_that_fails_does_not_end_its_stream(check, server):
    good, bad, again, end = ask(check, server, "stream")
    assert (good, again, end) == ("good: 1.000000", "again: 1.000000", "OK")
    assert bad.startswith("bad: UNKNOWN: ") and "'y'" in bad


def test_a_call_is_given_up(check, server):
    assert ask(check, server, "give-up") == ["DEADLINE_EXCEEDED CANCELLED"]


def test_tensors_stay_in_shared_memory(check, server, models):
    assert ask(check, server, "shared") == ["1.5 -2 at 16, 0 bytes sent"]
    assert server.get("/v2/systemsharedmemory/status").json == []  # unregistered again
    with harness.Server(models / "echo.pt") as refusing:
        (line,) = ask(check, refusing, "shared")
        assert "UNIMPLEMENTED" in line and "--allow-shared-memory" in line


def test_what_a_model_is(check, server):
    ask(check, server, "async")
    described, load = ask(check, server, "describe")
    assert described == "1 1 echo 1 x"
    assert load.startswith("UNIMPLEMENTED: ") and "--model-control" in load


def test_models_are_unloaded_and_loaded(check, models):
    with harness.Server(models, "--model-control", "explicit", "--load-model", "echo") as explicit:
        assert ask(check, explicit, "load") == ["101 OK OK"]


def test_the_command_is_installed_too(tmp_path):
    run("cmake", "--install", harness.BUILD, "--component", "command", "--prefix", tmp_path)
    assert run(tmp_path / "bin" / "flambeau", "--version").startswith("flambeau ")
