"""The command `flambeau`: predict with files, models, status and its watch, completion, help. `flambeau bench`
is in test_bench_command.py."""

import json
import os
import pty
import select
import shutil
import subprocess
from concurrent import futures

import grpc
import harness
import numpy
import pytest
import torch
from harness import flambeau


# ---- predict


def test_arrays_come_from_files_and_go_into_them(server, demo_models, tmp_path):
    x = numpy.random.default_rng(1).random((3, 10), dtype=numpy.float32)
    expected = torch.jit.load(f"{demo_models}/linear.pt")(torch.from_numpy(x))
    numpy.save(tmp_path / "x.npy", x)
    for flag in (f"@{tmp_path}/x.npy", f"input=@{tmp_path}/x.npy"):
        out = flambeau(server, "predict", "--model", "linear", "--input", flag)
        torch.testing.assert_close(torch.tensor(json.loads(out)["output"]), expected)
    out = flambeau(server, "predict", "--model", "linear", "--input", f"input={json.dumps(x.tolist())}",
                   "--output", f"output={tmp_path}/y.npy")
    assert out == ""
    torch.testing.assert_close(torch.from_numpy(numpy.load(tmp_path / "y.npy")), expected)


def test_wrong_files_are_one_sentence(server, tmp_path):
    numpy.save(tmp_path / "x.npy", numpy.ones((10, 1), ">f4").T)
    numpy.save(tmp_path / "fortran.npy", numpy.asfortranarray(numpy.ones((2, 10), "f4")))
    good = ["--input", json.dumps([[0.5] * 10])]
    for arguments, words in [(["--input", f"@{tmp_path}/x.npy"], "'>f4'"),
                             (["--input", f"@{tmp_path}/fortran.npy"], "ascontiguousarray"),
                             (["--input", "@/nowhere.npy"], "/nowhere.npy"),
                             ([*good, "--output", "output"], "NAME=FILE.npy"),
                             ([*good, "--output", f"nothing={tmp_path}/y.npy"], "no output 'nothing'"),
                             ([*good, "--output", "output=/nowhere/y.npy"], "/nowhere/y.npy")]:
        assert words in flambeau(server, "predict", "--model", "linear", *arguments, code=2)


# ---- models


def test_models_are_listed(server):
    lines = flambeau(server, "models").splitlines()
    assert lines[0].split() == ["MODEL", "VERSION", "STATE", "BATCHING", "LABELS"]
    assert [line.split()[:3] for line in lines[1:]] == [["digits", "1", "READY"], ["linear", "1", "READY"]]
    assert flambeau(server, "models", "list") == flambeau(server, "models")
    assert [model["name"] for model in json.loads(flambeau(server, "models", "--json"))] == ["digits", "linear"]


def test_models_are_loaded_and_unloaded(demo_models, tmp_path):
    for name in ("linear", "digits"):
        shutil.copy(f"{demo_models}/{name}.pt", tmp_path)
    with harness.Server(tmp_path, "--model-control", "explicit", "--load-model", "linear") as server:
        assert flambeau(server, "models", "load", "digits") == "digits is loaded\n"
        assert server.index()["digits"]["state"] == "READY"
        assert json.loads(flambeau(server, "models", "unload", "digits", "--json")) == {"unloaded": "digits"}
        assert server.get("/v2/models/digits/ready").status != 200
        assert "nobody" in flambeau(server, "models", "load", "nobody", code=1)


def test_a_server_that_watches_says_so_to_load(server):
    assert "explicit" in flambeau(server, "models", "load", "linear", code=1)


def test_labels_are_shown(demo_models, tmp_path):
    for version in ("1", "2"):
        (tmp_path / "linear" / version).mkdir(parents=True)
        shutil.copy(f"{demo_models}/linear.pt", tmp_path / "linear" / version / "model.pt")
    (tmp_path / "linear" / "routing.json").write_text(
        '{"labels": {"stable": 1, "canary": 2}, "shares": {"canary": 10}}')
    with harness.Server(tmp_path) as server:
        assert [line.split() for line in flambeau(server, "models", "labels").splitlines()] == [
            ["MODEL", "LABEL", "VERSION", "SHARE"], ["linear", "canary", "2", "10", "%"],
            ["linear", "stable", "1", "-"]]
        assert json.loads(flambeau(server, "models", "labels", "linear", "--json"))[0] == {
            "model": "linear", "label": "canary", "version": "2", "share_percent": 10}
        assert "canary 10 %" in flambeau(server, "models")


@pytest.fixture
def two_versions(demo_models, tmp_path):
    """A directory of models with two versions of linear, of which the second doubles what the first says."""
    for version in ("1", "2"):
        (tmp_path / "linear" / version).mkdir(parents=True)
    shutil.copy(f"{demo_models}/linear.pt", tmp_path / "linear" / "1" / "model.pt")

    class Twice(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.once = torch.jit.load(f"{demo_models}/linear.pt")

        def forward(self, input):
            return self.once(input) * 2

    torch.jit.script(Twice()).save(tmp_path / "linear" / "2" / "model.pt")
    return tmp_path


def label(server, directory, *arguments, action="label", **options):
    return flambeau(server, "models", action, "linear", *arguments, "--models", directory, **options)


@pytest.mark.parametrize("flags", [(), ("--model-control", "explicit", "--load-model", "linear")],
                         ids=["watching", "explicit"])
def test_a_label_is_in_force_when_the_command_ends(two_versions, flags):
    row = [[0.5] * 10]
    routing = two_versions / "linear" / "routing.json"
    with harness.Server(two_versions, *flags) as server:
        for version in ("1", "2", "1"):
            assert label(server, two_versions, "stable", version) == f"stable of linear is version {version}\n"
            assert server.post("/predict/linear", {"input": row}).headers["X-Model-Version"] == version
        once = server.predict("linear", row)
        said = json.loads(label(server, two_versions, "canary", "2", "--share", "100", "--json"))
        assert said == {"model": "linear", "label": "canary", "version": "2", "share_percent": 100}
        torch.testing.assert_close(torch.tensor(server.predict("linear", row)), 2 * torch.tensor(once))
        assert json.loads(routing.read_text()) == {"labels": {"stable": 1, "canary": 2}, "shares": {"canary": 100}}
        assert "is no label any more" in label(server, two_versions, "canary", action="unlabel")
        torch.testing.assert_close(torch.tensor(server.predict("linear", row)), torch.tensor(once))
        assert json.loads(routing.read_text()) == {"labels": {"stable": 1}}
        assert server.get("/v2/models/linear/versions/canary/ready").status == 404


def test_labels_that_cannot_be_change_nothing(two_versions):
    routing = two_versions / "linear" / "routing.json"
    with harness.Server(two_versions) as server:
        label(server, two_versions, "canary", "1", "--share", "60")
        before = routing.read_text()
        for arguments, words in [(("stable", "3"), "has no version 3"), (("stable", "one"), "has no version one"),
                                 (("9th", "1"), "must be a letter"), (("stable", "1", "--share", "5"), "no share"),
                                 (("next", "2", "--share", "50"), "more than 100 percent"),
                                 (("next", "2", "--share", "101"), "--share")]:
            assert words in label(server, two_versions, *arguments, code=2)
            assert routing.read_text() == before
        assert "is no directory" in flambeau(server, "models", "label", "nobody", "stable", "1", "--models",
                                             two_versions, code=2)
        routing.write_text("[]")
        assert "no JSON object" in label(server, two_versions, "stable", "1", code=2)


def test_a_label_that_does_not_come_into_force_is_told(two_versions):
    with harness.Server(two_versions, "--model-control", "none") as server:
        said = label(server, two_versions, "stable", "1", "--timeout", "0.5", code=1)
        assert "is written, but not in force" in said
    routing = two_versions / "linear" / "routing.json"
    routing.unlink()
    command = [harness.COMMAND, "models", "label", "linear", "stable", "2", "--models", two_versions]
    asked = subprocess.run([*command, "--server", "127.0.0.1:1"], capture_output=True, text=True, check=False)
    assert asked.returncode == 3 and not routing.exists()
    subprocess.run([*command, "--no-wait"], check=True, stdout=subprocess.DEVNULL)
    assert json.loads(routing.read_text()) == {"labels": {"stable": 2}}


# ---- status


def test_status_tells_whether_the_server_is_ready(server):
    assert json.loads(flambeau(server, "status", "--json"))["server"]["ready"] is True
    flambeau(server, "status", "--server", "127.0.0.1:1", code=2)  # named twice


def test_a_server_that_is_not_ready_has_its_exit_code(stubs):
    messages, service = stubs

    class Loading(service.GRPCInferenceServiceServicer):
        def ServerMetadata(self, request, context):
            return messages.ServerMetadataResponse(name="loading", version="1")

        def ServerReady(self, request, context):
            return messages.ServerReadyResponse(ready=False)

        def RepositoryIndex(self, request, context):
            return messages.RepositoryIndexResponse()

    listener = grpc.server(futures.ThreadPoolExecutor(2))
    service.add_GRPCInferenceServiceServicer_to_server(Loading(), listener)
    port = listener.add_insecure_port("127.0.0.1:0")
    listener.start()
    try:
        for more in ([], ["--json"], ["--watch", "--count", "1", "--interval", "0.1"]):
            result = subprocess.run([harness.COMMAND, "status", *more, "--server", f"127.0.0.1:{port}"],
                                    capture_output=True, text=True, timeout=harness.PATIENCE, check=False)
            assert result.returncode == 4, result.stderr
            assert "not ready" in result.stdout or '"ready": false' in result.stdout
    finally:
        listener.stop(None).wait()


def test_the_watch_prints_tables(server):
    x = [[0.5] * 10]
    server.predict("linear", x)
    tables = flambeau(server, "status", "--watch", "--interval", "0.1", "--count", "2").strip().split("\n\n")
    assert len(tables) == 4  # a head line and a table, twice
    assert "\033" not in "".join(tables)
    assert tables[1].splitlines()[0].split() == [
        "MODEL", "VERSION", "STATE", "REQ/S", "ERR/S", "MEAN", "P50", "P99", "BATCH", "QUEUED"]


def test_the_watch_counts_requests(server):
    command = [harness.COMMAND, "status", "--watch", "--interval", "0.2", "--json", "--server",
               f"127.0.0.1:{server.grpc_port}", "--url", f"http://127.0.0.1:{server.http_port}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watch:
        def busy():
            server.predict("linear", [[0.5] * 10])
            seen = {model["name"]: model for model in json.loads(watch.stdout.readline())["models"]}
            return seen["linear"]["requests_per_second"] > 0 and seen["linear"]
        linear = harness.wait_for("a request in the table", busy)
        assert linear["latency_us_mean"] > 0
        assert linear["latency_us_p99"] >= linear["latency_us_p50"] > 0
        assert linear["batch_size_mean"] >= 1
        assert linear["queue_depth"] >= 0
        watch.kill()


def test_the_watch_redraws_on_a_terminal(server):
    leader, follower = pty.openpty()
    command = [harness.COMMAND, "status", "--watch", "--interval", "0.1", "--count", "1", "--server",
               f"127.0.0.1:{server.grpc_port}"]
    environment = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    with subprocess.Popen(command, stdout=follower, env=environment) as watch:
        os.close(follower)
        text = b""
        while select.select([leader], [], [], harness.PATIENCE)[0]:
            try:
                text += os.read(leader, 65536)
            except OSError:  # the other end is closed
                break
        assert watch.wait(harness.PATIENCE) == 0
    os.close(leader)
    assert text.count(b"\033[H\033[J") == 2  # the first look and one table
    assert b"\033[32mREADY\033[0m" in text


# ---- completion and help


def complete(words):
    """What bash would offer for the last word."""
    script = subprocess.run([harness.COMMAND, "completion", "bash"], capture_output=True, text=True, check=True)
    program = script.stdout + f"""
COMP_WORDS=({" ".join(f"'{word}'" for word in words)})
COMP_CWORD={len(words) - 1}
_flambeau
printf '%s\\n' "${{COMPREPLY[@]}}"
complete -p flambeau
"""
    result = subprocess.run(["bash", "--norc", "-c", program], capture_output=True, text=True, check=True)
    assert result.stderr == ""
    *offered, registered = result.stdout.split("\n")[:-1]
    assert registered == "complete -F _flambeau flambeau"
    return offered


def test_bash_completes():
    assert set(complete(["flambeau", ""])) >= {"status", "predict", "models", "bench", "record", "completion"}
    assert complete(["flambeau", "pre"]) == ["predict"]
    assert complete(["flambeau", "models", "un"]) == ["unload", "unlabel"]
    assert complete(["flambeau", "bench", "--proto"]) == ["--protocol"]
    assert complete(["flambeau", "bench", "linear", "--protocol", "p"]) == ["predict"]
    assert complete(["flambeau", "--server", "a:1", "record", "m", "--l"]) == ["--listen"]
    assert complete(["flambeau", "status", "--jso"]) == ["--json"]
    assert complete(["flambeau", "status", "--json", "--wa"]) == ["--watch"]
    assert complete(["flambeau", "completion", "b"]) == ["bash"]
    assert complete(["flambeau", "predict", "--input", harness.COMMAND[:-1]])[0].startswith(harness.COMMAND[:-1])


def test_bash_knows_every_flag_of_the_help():
    for path in ([], ["status"], ["predict"], ["record"], ["bench"], ["models"], ["models", "load"],
                 ["models", "label"], ["models", "unlabel"], ["completion"]):
        text = subprocess.run([harness.COMMAND, *path, "--help"], capture_output=True, text=True, check=True).stdout
        flags = {word.strip(",") for line in text.split("Examples:")[0].splitlines() if line.startswith("  -")
                 for word in line.split()[:1] for word in word.split(",")}
        flags = {flag for flag in flags if flag.startswith("--")}
        assert "--help" in flags
        offered = complete(["flambeau", *path, "-"])
        assert flags <= set(offered), path
        assert len(offered) == len(set(offered))


def test_zsh_reads_the_same():
    script = subprocess.run([harness.COMMAND, "completion", "zsh"], capture_output=True, text=True, check=True)
    assert "bashcompinit" in script.stdout.splitlines()[0]
    zsh = shutil.which("zsh")
    if not zsh:
        pytest.skip("no zsh")
    subprocess.run([zsh, "-f", "-n"], input=script.stdout, text=True, check=True)


def test_help_has_examples_and_exit_codes():
    for command in ("status", "predict", "models", "record", "bench", "completion"):
        text = subprocess.run([harness.COMMAND, command, "--help"], capture_output=True, text=True, check=True).stdout
        assert "Examples:\n  " in text and f"flambeau {command}" in text
    text = subprocess.run([harness.COMMAND, "--help"], capture_output=True, text=True, check=True).stdout
    for words in ("Exit status: 0 done", "1 the server", "2 a flag", "3 no server", "4 the server is not ready"):
        assert words in text


# ---- record


def test_record_prints_json(server, tmp_path):
    out = tmp_path / "examples.json"
    said = flambeau(server, "record", "linear", "-d", json.dumps({"input": [[0.5] * 10]}), "--out", out, "--json")
    assert json.loads(said) == {"examples": 1, "file": str(out)}
    assert len(json.loads(out.read_text())) == 1
