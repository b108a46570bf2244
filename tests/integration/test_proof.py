"""Models that batching would change are never merged; what cannot be proven is not called proven."""

import concurrent.futures
import os
import shutil

import harness
import pytest
import torch

REFUSED = ["batch_mean", "branch", "train_mode", "random", "counter"]


@pytest.fixture(scope="module")
def server(adversarial_models, tmp_path_factory):
    directory = tmp_path_factory.mktemp("models")
    for name in [*REFUSED, "dead_relu"]:
        shutil.copy(f"{adversarial_models}/{name}.pt", directory)
    with harness.Server(directory) as running:
        yield running


def ask_together(server, name, rows=64):
    torch.manual_seed(6)
    inputs = (torch.randn(rows, 1, 8) * 5).tolist()
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        return inputs, list(pool.map(lambda x: server.predict(name, x), inputs))


@pytest.mark.parametrize("name", REFUSED)
def test_a_model_that_mixes_rows_is_refused(server, name):
    ask_together(server, name)
    verdict, reason = server.batching(name)
    assert verdict == "refused"
    assert harness.is_one_sentence(reason), reason
    assert server.metric("nv_inference_exec_count", model=name) >= 64
    assert (server.metric("nv_inference_exec_count", model=name)
            == server.metric("nv_inference_count", model=name))


def test_a_dead_relu_is_not_called_proven(server):
    ask_together(server, "dead_relu")
    verdict, reason = server.batching("dead_relu")
    assert verdict == "unproven"
    assert harness.is_one_sentence(reason), reason


@pytest.mark.parametrize("name", ["batch_mean", "branch"])
def test_each_answer_is_the_one_the_row_gets_alone(server, adversarial_models, name):
    model = torch.jit.load(os.path.join(adversarial_models, name + ".pt"))
    inputs, answers = ask_together(server, name)
    for x, answer in zip(inputs, answers):
        torch.testing.assert_close(torch.tensor(answer), model(torch.tensor(x)), rtol=1e-6, atol=1e-6)


def test_a_model_that_counts_counts_every_call_once(server):
    zero = [[0.0] * 8]
    first = server.predict("counter", zero)[0][0]
    second = server.predict("counter", zero)[0][0]
    assert second - first == pytest.approx(1, abs=1e-3)


def ask_pictures(server, pictures):
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        return list(pool.map(lambda x: server.predict("digits", x), pictures))


def test_a_convolution_is_proven_with_the_first_real_pictures(demo_models, tmp_path):
    """Its graph does not tell height and width, so the first request does."""
    shutil.copy(f"{demo_models}/digits.pt", tmp_path)
    torch.manual_seed(8)
    pictures = (torch.rand(64, 1, 1, 8, 8) * 16).tolist()
    model = torch.jit.load(os.path.join(demo_models, "digits.pt"))
    with harness.Server(tmp_path, "--instances", 1) as server:
        verdict, reason = server.batching("digits")
        assert (verdict, "first request" in reason) == ("unproven", True), reason
        ask_pictures(server, pictures)
        harness.wait_for("the proof", lambda: server.batching("digits")[0] == "proven")
        answers = ask_pictures(server, pictures)
        assert (server.metric("nv_inference_exec_count", model="digits")
                < server.metric("nv_inference_count", model="digits"))
    for picture, answer in zip(pictures, answers):
        torch.testing.assert_close(torch.tensor(answer), model(torch.tensor(picture)), rtol=1e-5, atol=1e-6)
