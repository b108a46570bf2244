"""In a batch that fails only the bad requests fail, each with the line of the author's source."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import harness
import pytest

from transports import BINARY, EVERY, JSON, RAW, TYPED, Infer, Tensor, encode, expected_code

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.join(HERE, "failing_models.py")


def line_of(text):
    with open(SOURCE, encoding="utf-8") as file:
        return next(number for number, line in enumerate(file, 1) if text in line)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    directory = str(tmp_path_factory.mktemp("failing-models"))
    subprocess.run([sys.executable, SOURCE, directory], check=True)
    # One worker that waits for more: requests meet in one batch.
    with harness.Server(directory, "--instances", 1, "--max-queue-delay-us", 20000) as running:
        yield running


def look_up(client, model, ids, transport):
    return client.infer(Infer(model, (Tensor("ids", "INT64", (1, 2), ids),)), transport)


@pytest.mark.parametrize("model, code", [("scripted", ": 'return self.table(ids + 1)  # shifted'"), ("traced", "")])
def test_only_the_bad_requests_fail(server, client, model, code):
    def proven():
        look_up(client, model, [3, 7], RAW)
        return server.metadata(model)["properties"]["batching"] == "proven"
    harness.wait_for(f"{model} to be proven", proven)

    def send(number):
        wrong = number % 7 == 0
        ids = [number % 40, 49 if wrong else 5]
        transport = (JSON, BINARY, RAW, TYPED)[number % 4]
        outcome = look_up(client, model, ids, transport)
        if not wrong:
            row = [float(4 * (i + 1) + column) for i in ids for column in range(4)]
            assert outcome.outputs == {"output": ("FP32", (1, 2, 4), encode("FP32", row))}, outcome
            return "right"
        assert outcome.code == expected_code("INVALID_ARGUMENT", transport), outcome
        assert outcome.error == (
            "The input does not fit the model: index out of range in self (line "
            f"{line_of('# shifted')} of failing_models.py, in look_up{code}).")
        return "refused"

    with ThreadPoolExecutor(28) as pool:
        outcomes = list(pool.map(send, range(280)))
    assert (outcomes.count("refused"), outcomes.count("right")) == (40, 240)
    runs = server.get(f"/v2/models/{model}/stats").json["model_stats"][0]["batch_stats"]
    assert any(run["batch_size"] > 1 for run in runs), "requests were merged"


@pytest.mark.parametrize("transport", EVERY)
def test_what_the_model_raises_has_its_line(client, transport):
    outcome = client.infer(Infer("raises", (Tensor("x", "FP32", (1,), [-1.0]),)), transport)
    assert outcome.code == expected_code("INVALID_ARGUMENT", transport), outcome
    assert outcome.error == (
        "The model refused the input with ValueError: no negative values, please (line "
        f"{line_of('raise ValueError')} of failing_models.py, in forward: "
        "'raise ValueError(\"no negative values, please\")').")


def test_predict_tells_the_same(server):
    answer = server.post("/predict/scripted", {"input": [[1, 60]]})
    assert answer.status == 400
    assert "of failing_models.py, in look_up: 'return self.table(ids + 1)  # shifted')." in answer.error
    assert harness.is_one_sentence(answer.error)


@pytest.mark.parametrize("number", range(5))
def test_a_damaged_record_of_the_source_harms_nobody(server, client, number):
    answer = server.post(f"/predict/damaged{number}", {"input": [[1, 60]]})
    assert answer.status == 400, answer.body
    assert answer.error.startswith("The input does not fit the model: index out of range in self"), answer.error
    assert harness.is_one_sentence(answer.error)
    outcome = look_up(client, f"damaged{number}", [3, 7], RAW)
    assert outcome.code == "OK", outcome
    with open(f"/proc/{server.process.pid}/status", encoding="utf-8") as status:
        peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    assert peak < 1 << 20, "KiB: nothing was made as large as a damaged length says"
