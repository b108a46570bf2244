"""What lies inside of and beside a model's file: flambeau.json, golden examples and `flambeau record`;
files that are no models; the operators that are refused."""

import http.client
import json
import subprocess

import harness
import pytest
import torch
import tritonclient.http
from torch import Tensor, nn


class Classifier(nn.Module):
    def __init__(self, scale: float = 1.0):
        super().__init__()
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        return torch.softmax(x * self.scale, dim=-1)

    @torch.jit.export
    def double(self, x: Tensor) -> Tensor:
        return x * 2


class ReadsFile(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.dim() > 5:
            x = torch.from_file("/etc/hostname", False, 4, dtype=torch.uint8)
        return x + 1


with open(__file__, encoding="utf-8") as SOURCE:
    READS_AT = next(number for number, line in enumerate(SOURCE, 1) if "x = torch.from_file(" in line)

ABOUT_METHOD = {"methods": {"double": {"inputs": [{"name": "single"}], "outputs": [{"name": "twofold"}]}}}
ABOUT = {
    "description": "Three classes.",
    "inputs": [{"name": "scores", "datatype": "FP32", "dims": [-1, 3]}],
    "outputs": [{"name": "class", "labels": ["cat", "dog", "owl"]}],
}


def save(module, path, about=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    extra = {} if about is None else {"flambeau.json": json.dumps(about)}
    torch.jit.script(module.eval()).save(str(path), _extra_files=extra)


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    directory = tmp_path_factory.mktemp("models")
    save(Classifier(), directory / "inside.pt", ABOUT)
    save(Classifier(), directory / "beside" / "model.pth", ABOUT)
    other = dict(ABOUT, description="Beside.", outputs=[{"name": "animal", "labels": ["ant", "bee", "cow"]}])
    (directory / "beside" / "flambeau.json").write_text(json.dumps(other))
    save(Classifier(), directory / "wrong.pt", {"lables": ["a"]})
    save(Classifier(), directory / "against.pt", {"inputs": [{"name": "x"}, {"name": "y"}]})
    save(Classifier(), directory / "method.pt", ABOUT_METHOD)
    save(Classifier(), directory / "no_method.pt", {"methods": {"treble": {}}})
    save(ReadsFile(), directory / "reads.pt")
    torch.save(nn.Linear(2, 2).state_dict(), directory / "weights.pth")
    (directory / "page.pt").write_text("<!DOCTYPE html><title>Sign in</title>")
    save(Classifier(), directory / "golden" / "1" / "model.pt")
    save(Classifier(scale=1.001), directory / "golden" / "2" / "model.pt")
    (directory / "golden" / "config.pbtxt").write_text("version_policy { all { } }")
    golden = [{"request": {"input": [[1, 2, 3]]},
               "response": {"output": torch.softmax(torch.tensor([[1.0, 2, 3]]), -1).tolist()}},
              {"method": "double", "request": {"input": [[1, 2, 3]]}, "response": {"output": [[2, 4, 6]]}}]
    (directory / "golden" / "examples.json").write_text(json.dumps(golden))
    return directory


@pytest.fixture(scope="module")
def server(directory):
    with harness.Server(directory, "--model-control", "explicit", "--load-model", "*") as running:
        yield running


@pytest.mark.parametrize("model,output,labels", [("inside", "class", ["cat", "dog", "owl"]),
                                                  ("beside", "animal", ["ant", "bee", "cow"])])
def test_names_shapes_and_labels_are_the_authors(server, model, output, labels):
    metadata = server.metadata(model)
    assert metadata["inputs"] == [{"name": "scores", "datatype": "FP32", "shape": [-1, 3]}]
    assert [entry["name"] for entry in metadata["outputs"]] == [output]
    assert metadata["properties"]["inputs.scores.shape"] == "declared"
    assert metadata["properties"]["description"] == ("Three classes." if model == "inside" else "Beside.")
    with tritonclient.http.InferenceServerClient(f"127.0.0.1:{server.http_port}") as client:
        rows = tritonclient.http.InferInput("scores", [2, 3], "FP32")
        rows.set_data_from_numpy(torch.tensor([[0.0, 5, 1], [9, 0, 0]]).numpy())
        asked = tritonclient.http.InferRequestedOutput(output, class_count=1)
        answer = client.infer(model, [rows], outputs=[asked]).as_numpy(output)
    assert [entry[0].decode().split(":")[1:] for entry in answer] == [["1", labels[1]], ["0", labels[0]]]
    # Its own name stays; what is declared is held to.
    assert server.post(f"/predict/{model}", {"inputs": {"x": [[1.5, 2, 3]]}}).status == 200
    refused = server.post(f"/predict/{model}", {"input": [[1, 2]]})
    assert refused.status == 400 and "scores" in refused.error


def test_other_methods_have_names_too(server):
    answer = server.post("/predict/method:double", {"inputs": {"single": [[1, 2]]}})
    assert answer.status == 200 and answer.json == {"output": [[2, 4]]}, answer.body
    tensor = {"name": "single", "datatype": "FP32", "shape": [1, 2], "data": [1, 2]}
    answer = server.post("/v2/models/method/infer", {"inputs": [tensor], "parameters": {"method": "double"}})
    assert [output["name"] for output in answer.json["outputs"]] == ["twofold"]
    assert server.metadata("method")["inputs"][0]["name"] == "x"  # forward's stay


@pytest.mark.parametrize("model,says", [
    ("wrong", "flambeau.json: the key lables is not known"),
    ("against", "it declares 2 inputs, but the model's arguments are 'x'"),
    ("no_method", "methods.treble is not a method of the model"),
    ("weights", "is a state_dict, weights without code"),
    ("page", "is a web page"),
    ("reads", f"the operator 'aten::from_file' (in 'test_model_files.ReadsFile.forward', line {READS_AT})"),
])
def test_what_is_wrong_is_said_in_the_index(server, model, says):
    entry = server.index()[model]
    assert entry["state"] == "UNAVAILABLE"
    assert says in entry["reason"]
    assert harness.is_one_sentence(entry["reason"]), entry["reason"]


def test_an_operator_can_be_allowed(directory):
    flags = ("--model-control", "explicit", "--load-model", "reads")
    with harness.Server(directory, *flags, "--allow-operator", "aten::from_file") as running:
        assert running.predict("reads", [1.0]) == [2.0]
    code, out, _ = harness.run_server("inspect", directory / "reads.pt", "--allow-operator", "aten::from_file")
    assert code == 0 and "forward" in out
    code, _, error = harness.run_server("inspect", directory / "reads.pt")
    assert code == 3 and "aten::from_file" in error


def test_a_version_serves_only_if_its_answers_match(server):
    states = {entry["version"]: entry for entry in server.post("/v2/repository/index").json
              if entry["name"] == "golden"}
    assert states["1"]["state"] == "READY"
    assert states["2"]["state"] == "UNAVAILABLE"
    assert "examples.json: example 1 does not match: output[0]" in states["2"]["reason"]
    assert harness.is_one_sentence(states["2"]["reason"]), states["2"]["reason"]
    assert server.metadata("golden")["versions"] == ["1"]


def test_a_changed_file_beside_is_taken_in_while_it_serves(tmp_path):
    save(Classifier(), tmp_path / "m" / "model.pt")
    examples = tmp_path / "m" / "examples.json"
    with harness.Server(tmp_path) as running:
        assert "description" not in running.metadata("m")["properties"]
        (tmp_path / "m" / "flambeau.json").write_text('{"description": "New."}')
        harness.wait_for("the description", lambda: running.metadata("m")["properties"].get("description") == "New.")
        examples.write_text('[{"request": {"input": [[0, 0]]}, "response": {"output": [[0.25, 0.75]]}}]')
        running.wait_line(lambda line: "example 1 does not match" in str(line.get("reason")))
        assert running.predict("m", [[0, 0]]) == [[0.5, 0.5]]


def record(server, *arguments, text=None):
    command = [harness.COMMAND, "record", *map(str, arguments), "--url", f"http://127.0.0.1:{server.http_port}"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False,
                          timeout=harness.PATIENCE)


def test_what_was_recorded_guards_the_next_version(server, directory, tmp_path):
    save(Classifier(), directory / "guarded" / "1" / "model.pt")
    assert server.post("/v2/repository/models/guarded/load").status == 200
    examples = directory / "guarded" / "examples.json"
    lines = '{"input": [[1, 2, 3]]}\n\n{"inputs": {"x": [[0, 0, 4]]}}\n'
    ran = record(server, "guarded", "--requests", "-", "--out", examples, text=lines)
    assert ran.returncode == 0, ran.stderr
    recorded = json.loads(examples.read_text())
    assert [example["request"] for example in recorded] == [{"input": [[1, 2, 3]]}, {"inputs": {"x": [[0, 0, 4]]}}]
    torch.testing.assert_close(torch.tensor(recorded[0]["response"]["output"]),
                               torch.softmax(torch.tensor([[1.0, 2, 3]]), -1))

    save(Classifier(scale=1.5), directory / "guarded" / "2" / "model.pt")
    refused = server.post("/v2/repository/models/guarded/load")
    assert refused.status == 400 and "example 1 does not match" in refused.error
    before = server.predict("guarded", [[1.0, 2, 3]])
    save(Classifier(scale=1.0000001), directory / "guarded" / "2" / "model.pt")
    assert server.post("/v2/repository/models/guarded/load").status == 200
    assert server.metadata("guarded")["versions"] == ["2"]
    torch.testing.assert_close(torch.tensor(server.predict("guarded", [[1.0, 2, 3]])), torch.tensor(before))


def test_record_says_what_is_wrong_and_leaves_the_file(server, tmp_path):
    out = tmp_path / "examples.json"
    ran = record(server, "inside", "-d", '{"input": [[1, 2, 3]]}', "--method", "double", "--out", out)
    assert ran.returncode == 0, ran.stderr
    kept = out.read_text()
    assert json.loads(kept)[0]["method"] == "double"
    for arguments, code, says in [
        (("inside", "-d", '{"input": [[1, 2]]}'), 1, "request 1: "),
        (("inside", "-d", "[[1, 2]]"), 2, "is no JSON object"),
        (("nobody", "-d", '{"input": [1]}'), 1, "'nobody'"),
        (("inside",), 2, "requests"),
        (("inside", "--requests", tmp_path / "none.jsonl"), 2, "cannot be read"),
    ]:
        ran = record(server, *arguments, "--out", out)
        assert ran.returncode == code, (arguments, ran.stderr)
        assert says in ran.stderr, (arguments, ran.stderr)
        assert out.read_text() == kept
    gone = subprocess.run([harness.COMMAND, "record", "m", "-d", "{}", "--url", "http://127.0.0.1:1"],
                          capture_output=True, text=True, check=False, timeout=harness.PATIENCE)
    assert gone.returncode == 3 and "no server answers" in gone.stderr


def test_record_keeps_what_other_clients_ask(server, tmp_path):
    out = tmp_path / "examples.json"
    command = [harness.COMMAND, "record", "inside", "--listen", "0", "--count", "2", "--out", str(out),
               "--url", f"http://127.0.0.1:{server.http_port}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as recorder:
        address = recorder.stdout.readline().split()[-1]
        port = int(address.split(":")[2].split("/")[0])
        assert address.endswith("/predict/inside")

        def ask(method, path, body=None):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=harness.PATIENCE)
            connection.request(method, path, None if body is None else json.dumps(body),
                               {"Content-Type": "application/json", "X-Request-Id": "mine"})
            response = connection.getresponse()
            return response.status, response.headers, response.read()

        first = {"input": [[1, 2, 3]]}
        status, headers, body = ask("POST", "/predict/inside", first)
        assert status == 200 and headers["X-Request-Id"] == "mine"
        assert json.loads(body) == server.post("/predict/inside", first).json
        assert ask("POST", "/predict/inside", first)[0] == 200  # kept once
        assert ask("POST", "/predict/inside", {"input": [[1]]})[0] == 400
        assert ask("POST", "/predict/beside", first)[0] == 200
        assert ask("GET", "/v2/health/ready")[0] == 200
        assert len(json.loads(out.read_text())) == 1
        assert ask("POST", "/predict/inside", {"input": [[3, 2, 1]]})[0] == 200
        assert recorder.wait(harness.PATIENCE) == 0
    examples = json.loads(out.read_text())
    assert [example["request"] for example in examples] == [first, {"input": [[3, 2, 1]]}]
    assert examples[0]["response"] == json.loads(body)
