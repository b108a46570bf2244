"""The demo models, as the README shows them."""

import concurrent.futures
import os
import subprocess
import sys

import harness
import pytest
import torch


@pytest.fixture(scope="module")
def server(demo_models):
    with harness.Server(demo_models) as running:
        yield running


@pytest.fixture(scope="module")
def digits():
    """Images and labels that the digits model was not trained on."""
    sys.path.insert(0, os.path.join(harness.ROOT, "tests", "models"))
    import make_models

    images, labels = make_models.load_digits()
    return images[-make_models.HELD_OUT:], labels[-make_models.HELD_OUT:]


def load(demo_models, name):
    return torch.jit.load(os.path.join(demo_models, name + ".pt")).eval()


def test_a_handwritten_digit_gets_its_class(server, digits):
    images, labels = digits
    right = 0
    for image, label in zip(images[:40], labels[:40]):
        (probabilities,) = server.predict("digits", [image.tolist()])
        assert len(probabilities) == 10
        assert sum(probabilities) == pytest.approx(1, abs=1e-4)
        right += probabilities.index(max(probabilities)) == int(label)
    assert right >= 36


def test_a_batch_of_digits_is_one_request(server, digits):
    images, labels = digits
    answers = server.predict("digits", images[:100].tolist())
    right = sum(row.index(max(row)) == int(label) for row, label in zip(answers, labels))
    assert (len(answers), right >= 90) == (100, True)


def test_predict_answers_as_libtorch_does(server, demo_models):
    torch.manual_seed(3)
    x = torch.randn(3, 10)
    expected = load(demo_models, "linear")(x)
    torch.testing.assert_close(torch.tensor(server.predict("linear", x.tolist())), expected)


def test_predict_by_version(server):
    row = [[1] * 10]
    assert server.post("/predict/linear/1", {"input": row}).json == {"output": server.predict("linear", row)}
    assert server.post("/predict/linear/2", {"input": row}).status == 404


def test_predict_takes_integers_for_floats_as_flask_would(server):
    assert server.predict("linear", [[1] * 10]) == server.predict("linear", [[1.0] * 10])


def test_predict_by_argument_name(server):
    row = [[1] * 10]
    answer = server.post("/predict/linear", {"inputs": {"input": row}})
    assert answer.json == {"output": server.predict("linear", row)}


def test_bare_predict_needs_a_default_where_models_are_many(server):
    answer = server.post("/predict", {"input": [[1] * 10]})
    assert answer.status == 400
    assert "/predict/" in answer.error or "--default-model" in answer.error


def test_bare_predict_serves_the_only_model(demo_models):
    with harness.Server(os.path.join(demo_models, "linear.pt")) as alone:
        answer = alone.post("/predict", {"input": [[1] * 10]})
        assert answer.status == 200
        assert answer.json["output"] == alone.predict("linear", [[1] * 10])


def test_bare_predict_serves_the_default_model(demo_models):
    with harness.Server(demo_models, "--default-model", "linear") as server_with_default:
        assert len(server_with_default.post("/predict", {"input": [[1] * 10]}).json["output"][0]) == 5


def test_a_bool_argument_works_or_is_refused_in_a_sentence(server, demo_models):
    x = [[0.5] * 8]
    model = load(demo_models, "control_flow")
    for flag in (True, False):
        answer = server.post("/predict/control_flow", {"inputs": {"x": x, "use_second_layer": flag}})
        if answer.status == 200:
            torch.testing.assert_close(torch.tensor(answer.json["output"]), model(torch.tensor(x), flag))
        else:
            assert answer.status in (400, 501)
            assert "use_second_layer" in answer.error


def test_several_results(adversarial_models):
    with harness.Server(os.path.join(adversarial_models, "several.pt")) as running:
        answer = running.post("/predict", {"input": [1.5, 2]})
        assert answer.json == {"outputs": [[1.5, 2], {"double": [3, 4]}]}


def test_welcome_names_models_and_endpoints(server):
    welcome = server.get("/")
    assert welcome.status == 200
    for name in ("digits", "linear", "resnet18", "/predict"):
        assert name in welcome.body.decode()


def test_health_bodies_are_json(server):
    assert server.get("/v2/health/live").json == {"live": True}
    assert server.get("/v2/health/ready").json == {"ready": True}
    assert server.get("/v2/models/digits/ready").json == {"name": "digits", "ready": True}


def test_metadata_tells_what_the_graph_tells(server):
    linear = server.metadata("linear")
    assert (linear["name"], linear["versions"], linear["platform"]) == ("linear", ["1"], "pytorch_libtorch")
    (entry,) = linear["inputs"]
    assert (entry["name"], entry["datatype"], entry["shape"]) == ("input", "FP32", [-1, 10])
    assert linear["outputs"][0]["name"] == "output"
    assert linear["properties"]["inputs.input.shape"] == "graph"
    (image,) = server.metadata("digits")["inputs"]
    assert (image["name"], image["datatype"], image["shape"]) == ("image", "FP32", [-1, 1, -1, -1])


def test_infer_with_triton_aliases_and_keys_in_any_order(server):
    by_name = server.post("/v2/models/linear/infer", '{"inputs":[{"name":"input","shape":[1,10],'
                          '"datatype":"FP32","data":[1,1,1,1,1,1,1,1,1,1]}]}')
    by_alias = server.post("/v2/models/linear/infer", '{"outputs":[{"name":"OUTPUT__0"}],"inputs":['
                           '{"data":[[1,1,1,1,1,1,1,1,1,1]],"datatype":"FP32","shape":[1,10],"name":"INPUT__0"}],"id":"7"}')
    assert by_name.status == by_alias.status == 200, (by_name.body, by_alias.body)
    assert by_alias.json["id"] == "7"
    assert by_alias.json["model_name"] == "linear"
    assert by_alias.json["model_version"] == "1"
    assert by_name.json["outputs"][0]["shape"] == [1, 5]
    assert by_name.json["outputs"][0]["data"] == by_alias.json["outputs"][0]["data"]
    assert by_name.json["outputs"][0]["data"] == server.predict("linear", [[1] * 10])[0]


def test_a_request_id_is_echoed_or_made(server):
    assert server.get("/v2", headers={"X-Request-Id": "abc.1"}).headers["X-Request-Id"] == "abc.1"
    for bad in ("a b", "x" * 129, "a%0D%0Ab"):
        made = server.get("/v2", headers={"X-Request-Id": bad}).headers["X-Request-Id"]
        assert made and made != bad


def test_32_clients_are_batched_and_each_gets_libtorch_s_own_answer(server, demo_models):
    model = load(demo_models, "linear")
    torch.manual_seed(4)
    rows = torch.randn(32, 40, 10)

    def client(mine):
        return [server.predict("linear", [row.tolist()])[0] for row in mine]

    runs_before = server.metric("nv_inference_exec_count", model="linear")
    items_before = server.metric("nv_inference_count", model="linear")
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(client, rows))
    for mine, row_answers in zip(rows, answers):
        torch.testing.assert_close(torch.tensor(row_answers), model(mine), rtol=1e-5, atol=1e-6)
    items = server.metric("nv_inference_count", model="linear") - items_before
    runs = server.metric("nv_inference_exec_count", model="linear") - runs_before
    assert items == 32 * 40
    assert runs < items
    assert batches_above_one(server, "linear") > 0


def batches_above_one(server, model):
    total = server.metric("flambeau_batch_rows_count", model=model)
    return total - server.metric("flambeau_batch_rows_bucket", model=model, le="1")


@pytest.mark.parametrize("name,shape", [("digits", (1, 1, 8, 8)), ("resnet18", (1, 3, 224, 224))])
def test_a_cnn_ends_up_proven_and_batched(demo_models, name, shape):
    """Its height and width are not in its graph: the first requests tell."""
    torch.manual_seed(5)
    inputs = [torch.randn(shape) * 4 for _ in range(4)]
    expected = [load(demo_models, name)(x) for x in inputs]
    with harness.Server(os.path.join(demo_models, name + ".pt"), "--max-batch-size", 4) as server:

        def check(n):
            answer = torch.tensor(server.predict(name, inputs[n].tolist()))
            torch.testing.assert_close(answer, expected[n], rtol=1e-3, atol=1e-4)

        for n in range(4):
            check(n)
        harness.wait_for(f"the proof of {name}", lambda: server.batching(name)[0] == "proven")

        def batched():
            with concurrent.futures.ThreadPoolExecutor(16) as pool:
                list(pool.map(check, list(range(4)) * 4))
            return batches_above_one(server, name) > 0

        harness.wait_for(f"a batch of {name}", batched)


def test_inspect_tells_arguments_and_verdict(demo_models):
    code, out, _ = harness.run_server("inspect", os.path.join(demo_models, "linear.pt"))
    assert code == 0
    for word in ("forward", "input", "FP32", "linear"):
        assert word in out
    import json

    code, out, _ = harness.run_server("inspect", os.path.join(demo_models, "digits.pt"), "--json")
    facts = json.loads(out)
    assert code == 0
    assert "conv" in json.dumps(facts)


def test_help_and_version_take_milliseconds_and_say_examples():
    code, out, _ = harness.run_server("--help")
    assert code == 0
    for flag in ("--http-port", "--grpc-port", "--max-batch-size", "--drain-timeout", "inspect"):
        assert flag in out
    code, out, _ = harness.run_server("--version")
    assert code == 0
    with open(os.path.join(harness.ROOT, "CMakeLists.txt"), encoding="utf-8") as file:
        assert out.strip().split()[-1] in file.read()
    assert subprocess.run([harness.COMMAND, "--help"], check=False, capture_output=True).returncode == 0
