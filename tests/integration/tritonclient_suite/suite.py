"""Run by test_tritonclient.py, in a process of its own."""

import os
import queue

import ml_dtypes
import numpy
import pytest
import torch
from clients import PATIENCE
from tritonclient.utils import InferenceServerException, shared_memory

NUMBERS = ("BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP16", "FP32",
           "FP64")
NUMPY = {"BOOL": numpy.bool_, "FP16": numpy.float16, "FP32": numpy.float32, "FP64": numpy.float64,
         **{f"{sign}INT{bits}": numpy.dtype(f"{sign.lower()}int{bits}").type
            for sign in ("", "U") for bits in (8, 16, 32, 64)}}


def values(datatype, shape=(2, 3)):
    """Some of the datatype's values, its extremes among them."""
    count = int(numpy.prod(shape))
    kind = NUMPY[datatype]
    if datatype == "BOOL":
        return (numpy.arange(count) % 2 == 0).reshape(shape)
    if datatype.startswith("FP"):
        array = numpy.linspace(-2, 2, count).astype(kind)
        array[:2] = numpy.finfo(kind).max, numpy.finfo(kind).tiny
        return array.reshape(shape)
    array = numpy.arange(count).astype(kind)
    array[:2] = numpy.iinfo(kind).min, numpy.iinfo(kind).max
    return array.reshape(shape)


def libtorch(models, name, *arguments):
    with torch.no_grad():
        return torch.jit.load(os.path.join(models, name + ".pt"))(*arguments)


def linear_input(rows=2):
    return (numpy.arange(rows * 10, dtype=numpy.float32).reshape(rows, 10) - 7) / 8


def check_linear(models, result, x):
    expected = libtorch(models, "linear", torch.from_numpy(x)).numpy()
    numpy.testing.assert_array_equal(result.as_numpy("output"), expected)


# ---- What there is ----


def test_health(client):
    assert client.is_server_live() is True
    assert client.is_server_ready() is True
    assert client.is_model_ready("linear") is True
    assert client.is_model_ready("linear", "1") is True
    if client.is_grpc:
        with pytest.raises(InferenceServerException, match="nobody"):
            client.is_model_ready("nobody")
    else:
        assert client.is_model_ready("nobody") is False


def test_metadata(client):
    server = client.get_server_metadata()
    assert server["name"] == "flambeau"
    assert "binary_tensor_data" in server["extensions"]
    model = client.get_model_metadata("linear", "1")
    assert (model["name"], model["versions"], model["platform"]) == ("linear", ["1"], "pytorch_libtorch")
    assert [(entry["name"], entry["datatype"]) for entry in model["inputs"]] == [("input", "FP32")]
    with pytest.raises(InferenceServerException, match="nobody"):
        client.get_model_metadata("nobody")


def test_repository_index(client):
    index = client.get_model_repository_index()
    if client.is_grpc:
        index = index["models"]
    states = {entry["name"]: entry["state"] for entry in index}
    assert states["linear"] == "READY"
    assert {"linear", "embedding", "control_flow", "text", "add", "several", "echo", "digits"} <= states.keys()


def test_statistics(client):
    def count():
        (model,) = client.get_inference_statistics("add", "1")["model_stats"]
        assert (model["name"], model["version"]) == ("add", "1")
        return int(model["inference_stats"]["success"].get("count", 0))

    before = count()
    x = linear_input()
    client.infer("add", [client.tensor("a", x, "FP32"), client.tensor("b", x, "FP32")])
    assert count() == before + 1
    every = client.get_inference_statistics()["model_stats"]
    assert {"linear", "add"} <= {model["name"] for model in every}


def test_model_config(client):
    config = client.get_model_config("linear", "1")
    config = config.get("config", config)
    assert (config["name"], config["backend"], config["platform"]) == ("linear", "pytorch", "pytorch_libtorch")
    assert [entry["name"] for entry in config["input"]] == ["input"]
    assert [entry["data_type"] for entry in config["output"]] == ["TYPE_FP32"]
    with pytest.raises(InferenceServerException, match="nobody"):
        client.get_model_config("nobody")


def test_loading_and_unloading(controlled, models):
    client = controlled
    assert client.is_model_ready("linear") is True
    assert client.is_model_ready("add") is False
    client.load_model("add")
    assert client.is_model_ready("add") is True
    x = linear_input()
    result = client.infer("add", [client.tensor("a", x, "FP32"), client.tensor("b", x, "FP32")])
    expected = libtorch(models, "add", torch.from_numpy(x), torch.from_numpy(x)).numpy()
    numpy.testing.assert_array_equal(result.as_numpy("output"), expected)
    client.unload_model("add")
    assert client.is_model_ready("add") is False
    with pytest.raises(InferenceServerException):
        client.load_model("nobody")


def test_loading_is_refused_without_the_flag(client):
    for call in (client.load_model, client.unload_model):
        with pytest.raises(InferenceServerException, match="model-control"):
            call("linear")


def test_log_settings(client, server):
    def settings(answer):
        if not client.is_grpc:
            return answer
        return {name: next(iter(value.values())) for name, value in answer["settings"].items()}

    before = settings(client.get_log_settings())
    assert before == {"log_file": "", "log_info": True, "log_warning": True, "log_error": True,
                      "log_verbose_level": 1, "log_format": "ISO8601"}
    try:
        changed = settings(client.update_log_settings({"log_info": False, "log_verbose_level": 0}))
        assert (changed["log_info"], changed["log_verbose_level"]) == (False, 0)
        assert settings(client.get_log_settings()) == changed
        client.infer("echo", [client.tensor("x", linear_input(), "FP32")], headers={"x-request-id": "unheard"})
        with pytest.raises(InferenceServerException, match="log_file"):
            client.update_log_settings({"log_file": "/tmp/elsewhere"})
    finally:
        client.update_log_settings({"log_info": True, "log_verbose_level": 1})
    client.infer("echo", [client.tensor("x", linear_input(), "FP32")], headers={"x-request-id": "heard"})
    server.wait_line(lambda line: line.get("request_id") == "heard")
    assert not [line for line in server.lines if line.get("request_id") == "unheard"]


def test_trace_settings(client):
    def settings(answer):
        if not client.is_grpc:
            return {name: value if isinstance(value, list) else [value] for name, value in answer.items()}
        return {name: value["value"] for name, value in answer["settings"].items()}

    defaults = settings(client.get_trace_settings())
    assert defaults["trace_level"] == ["OFF"] and defaults["trace_rate"] == ["1000"]
    assert settings(client.get_trace_settings(model_name="linear")) == defaults
    changed = settings(client.update_trace_settings(
        model_name="linear", settings={"trace_level": ["TIMESTAMPS"], "trace_rate": "5"}))
    assert changed == {**defaults, "trace_level": ["TIMESTAMPS"], "trace_rate": ["5"]}
    assert settings(client.get_trace_settings(model_name="linear")) == changed
    assert settings(client.get_trace_settings(model_name="add")) == defaults
    cleared = client.update_trace_settings(model_name="linear", settings={"trace_level": None, "trace_rate": None})
    assert settings(cleared) == defaults
    with pytest.raises(InferenceServerException, match="nobody"):
        client.get_trace_settings(model_name="nobody")


# ---- Inference ----


@pytest.mark.parametrize("datatype", NUMBERS)
def test_each_datatype_comes_back(client, models, datatype):
    x = values(datatype)
    expected = libtorch(models, "echo", torch.from_numpy(x)).numpy()
    for binary in client.encodings():
        if datatype == "FP16" and not binary:
            continue  # the client itself sends FP16 in binary only
        result = client.infer("echo", [client.tensor("x", x, datatype, binary)],
                              outputs=[client.output("output", binary)])
        got = result.as_numpy("output")
        assert got.dtype == x.dtype and got.shape == x.shape
        numpy.testing.assert_array_equal(got, expected)


def test_bf16_comes_back(client):
    x = numpy.array([[1.0, -2.5, 0.0], [3.0, 256.0, -0.0078125]], dtype=ml_dtypes.bfloat16)
    result = client.infer("echo", [client.tensor("x", x, "BF16")])
    numpy.testing.assert_array_equal(result.as_numpy("output").astype(numpy.float32),
                                  x.astype(numpy.float32))


@pytest.mark.parametrize("datatype", ("UINT8", "INT8", "INT16", "INT32", "INT64", "FP32", "FP64"))
def test_sums_are_libtorchs(client, models, datatype):
    a, b = values(datatype), values(datatype)[::-1].copy()
    expected = libtorch(models, "add", torch.from_numpy(a), torch.from_numpy(b)).numpy()
    for binary in client.encodings():
        result = client.infer("add", [client.tensor("a", a, datatype, binary),
                                      client.tensor("b", b, datatype, binary)])
        numpy.testing.assert_array_equal(result.as_numpy("output"), expected)


def test_text_and_flags(client, models):
    x = linear_input()
    for mode in ("double", "plain", "h\u00e9"):
        text = numpy.array([mode.encode()], dtype=numpy.object_)
        for binary in client.encodings():
            result = client.infer("text", [client.tensor("x", x, "FP32", binary),
                                           client.tensor("mode", text, "BYTES", binary)])
            expected = libtorch(models, "text", torch.from_numpy(x), mode).numpy()
            numpy.testing.assert_array_equal(result.as_numpy("output"), expected)
    x = numpy.ones((1, 8), dtype=numpy.float32)
    for flag in (True, False):
        result = client.infer("control_flow", [client.tensor("x", x, "FP32"), client.tensor(
            "use_second_layer", numpy.array([flag]), "BOOL")])
        expected = libtorch(models, "control_flow", torch.from_numpy(x), flag).numpy()
        numpy.testing.assert_array_equal(result.as_numpy("output"), expected)


def test_a_demo_model(client, models):
    x = numpy.linspace(0, 1, 2 * 64, dtype=numpy.float32).reshape(2, 1, 8, 8)
    expected = libtorch(models, "digits", torch.from_numpy(x))
    name = client.get_model_metadata("digits")["inputs"][0]["name"]
    result = client.infer("digits", [client.tensor(name, x, "FP32")])
    torch.testing.assert_close(torch.from_numpy(result.as_numpy("output").copy()), expected)


def test_outputs_are_selected(client, models):
    x = linear_input()
    expected = libtorch(models, "several", torch.from_numpy(x))
    for binary in client.encodings():
        tensors = [client.tensor("x", x, "FP32", binary)]
        both = client.infer("several", tensors)
        for key in ("double", "half"):
            numpy.testing.assert_array_equal(both.as_numpy(f"result.{key}"), expected[key].numpy())
        one = client.infer("several", tensors, outputs=[client.output("result.half", binary)])
        numpy.testing.assert_array_equal(one.as_numpy("result.half"), expected["half"].numpy())
        assert one.as_numpy("result.double") is None
    with pytest.raises(InferenceServerException, match="nothing"):
        client.infer("several", tensors, outputs=[client.output("nothing")])


def test_an_empty_batch(client):
    x = numpy.zeros((0, 3), dtype=numpy.float32)
    result = client.infer("echo", [client.tensor("x", x, "FP32")])
    assert result.as_numpy("output").shape == (0, 3)


def test_ids_versions_priorities_and_timeouts(client, models):
    x = linear_input()
    result = client.infer("linear", [client.tensor("input", x, "FP32")], model_version="1", request_id="id-7",
                          priority=1, timeout=60_000_000, headers={"x-request-id": "trace-1"})
    assert client.id_of(result) == "id-7"
    check_linear(models, result, x)
    with pytest.raises(InferenceServerException):
        client.infer("linear", [client.tensor("input", x, "FP32")], model_version="9")


def test_custom_parameters_are_accepted(client, models):
    x = linear_input()
    result = client.infer("linear", [client.tensor("input", x, "FP32")],
                          parameters={"color": "red", "count": 3, "flag": True})
    check_linear(models, result, x)


def test_a_parameter_is_a_scalar_argument(client, models):
    x = numpy.linspace(-1, 1, 8, dtype=numpy.float32).reshape(1, 8)
    for flag in (True, False):
        result = client.infer("control_flow", [client.tensor("x", x, "FP32")],
                              parameters={"use_second_layer": flag, "color": "red"})
        expected = libtorch(models, "control_flow", torch.from_numpy(x), flag).numpy()
        numpy.testing.assert_array_equal(result.as_numpy("output"), expected)
    with pytest.raises(InferenceServerException, match="'use_second_layer' is an argument of the model"):
        client.infer("control_flow", [client.tensor("x", x, "FP32")], parameters={"use_second_layer": "yes"})
    assert "parameters" in client.get_server_metadata()["extensions"]


def test_errors_say_what_is_wrong(client):
    x = linear_input()
    with pytest.raises(InferenceServerException, match="nobody") as missing:
        client.infer("nobody", [client.tensor("input", x, "FP32")])
    assert missing.value.status() in ("404", "StatusCode.NOT_FOUND")
    with pytest.raises(InferenceServerException, match="input"):
        client.infer("linear", [client.tensor("wrong", x, "FP32")])
    with pytest.raises(InferenceServerException, match="10"):
        client.infer("linear", [client.tensor("input", x[:, :4].copy(), "FP32")])


def test_compression(client, models):
    x = numpy.tile(linear_input(), (500, 1))
    tensors = [client.tensor("input", x, "FP32")]
    for coding in ("gzip", "deflate"):
        if client.is_grpc:
            # Refused before it is unpacked: the library bounds the packed size only.
            with pytest.raises(InferenceServerException):
                client.infer("linear", tensors, compression_algorithm=coding)
            continue
        for binary in (True, False):
            tensors = [client.tensor("input", x, "FP32", binary)]
            outputs = [client.output("output", binary)]
            check_linear(models, client.infer("linear", tensors, outputs=outputs,
                                              request_compression_algorithm=coding,
                                              response_compression_algorithm=coding), x)
            check_linear(models, client.infer("linear", tensors, outputs=outputs,
                                              request_compression_algorithm=coding), x)
            check_linear(models, client.infer("linear", tensors, outputs=outputs,
                                              response_compression_algorithm=coding), x)


def test_async_infer(client, models):
    if client.is_aio:
        pytest.skip("the aio clients' infer is itself asynchronous")
    batches = [linear_input(rows) for rows in range(1, 9)]
    answers = queue.Queue()
    pending = []
    for number, x in enumerate(batches):
        tensors = [client.tensor("input", x, "FP32")]
        if client.is_grpc:
            client.raw.async_infer("linear", tensors, lambda result, error: answers.put((result, error)),
                                   request_id=str(number))
        else:
            pending.append(client.raw.async_infer("linear", tensors, request_id=str(number)))
    results = [request.get_result(block=True, timeout=PATIENCE) for request in pending]
    while len(results) < len(batches):
        result, error = answers.get(timeout=PATIENCE)
        assert error is None
        results.append(result)
    for result in results:
        check_linear(models, result, batches[int(client.id_of(result))])


def test_classification(client, models):
    x = linear_input()
    scores = libtorch(models, "linear", torch.from_numpy(x)).numpy()
    for binary in client.encodings():
        result = client.infer("linear", [client.tensor("input", x, "FP32", binary)],
                              outputs=[client.output("output", binary, class_count=2)])
        classes = result.as_numpy("output")
        assert classes.shape == (2, 2)
        for row, best in zip(scores, classes):
            texts = [entry.decode() if isinstance(entry, bytes) else entry for entry in best]
            indices = [int(text.split(":")[1]) for text in texts]
            assert indices == list(numpy.argsort(-row, kind="stable")[:2])
            assert float(texts[0].split(":")[0]) == pytest.approx(float(row.max()), abs=1e-6)


def test_system_shared_memory(client, models):
    x = linear_input()
    expected = libtorch(models, "linear", torch.from_numpy(x)).numpy()
    key = f"/triton-suite-{os.getpid()}-{client.kind}"
    region = shared_memory.create_shared_memory_region("region", key, x.nbytes + expected.nbytes)
    try:
        shared_memory.set_shared_memory_region(region, [x])
        client.register_system_shared_memory("region", key, x.nbytes + expected.nbytes)
        status = client.get_system_shared_memory_status()
        regions = status.get("regions", {}).values() if client.is_grpc else status
        assert [entry["name"] for entry in regions] == ["region"]
        tensor = client.types.InferInput("input", list(x.shape), "FP32")
        tensor.set_shared_memory("region", x.nbytes)
        output = client.types.InferRequestedOutput("output")
        output.set_shared_memory("region", expected.nbytes, offset=x.nbytes)
        result = client.infer("linear", [tensor], outputs=[output])
        assert result.get_output("output") is not None
        got = shared_memory.get_contents_as_numpy(region, numpy.float32, expected.shape, offset=x.nbytes)
        numpy.testing.assert_array_equal(got, expected)
        with pytest.raises(InferenceServerException, match="region"):
            client.register_system_shared_memory("region", key, x.nbytes)
        client.unregister_system_shared_memory("region")
        with pytest.raises(InferenceServerException, match="region"):
            client.infer("linear", [tensor])
        client.unregister_system_shared_memory()
        client.unregister_cuda_shared_memory()
    finally:
        client.unregister_system_shared_memory()
        shared_memory.destroy_shared_memory_region(region)


# ---- Streams ----


def stream(client, requests):
    """Sends infer requests (keyword arguments) on one stream: their [(result, error)], in order."""
    if client.is_aio:
        async def every():
            async def each():
                for request in requests:
                    yield request
            return [answer async for answer in client.raw.stream_infer(each(), stream_timeout=PATIENCE)]
        return client.wait(every())
    answers = queue.Queue()
    client.raw.start_stream(lambda result, error: answers.put((result, error)), stream_timeout=PATIENCE)
    try:
        for request in requests:
            client.raw.async_stream_infer(**request)
        return [answers.get(timeout=PATIENCE) for _ in requests]
    finally:
        client.raw.stop_stream()


def test_streams(client, models):
    if not client.is_grpc:
        pytest.skip("streams are gRPC's")
    batches = [linear_input(rows % 5 + 1) for rows in range(150)]
    answers = stream(client, [
        {"model_name": "linear", "inputs": [client.tensor("input", x, "FP32")], "request_id": str(number),
         "enable_empty_final_response": number % 2 == 0, "priority": 1, "timeout": 60_000_000}
        for number, x in enumerate(batches)])
    assert len(answers) == len(batches)
    for number, (result, error) in enumerate(answers):
        assert error is None
        assert client.id_of(result) == str(number)
        assert result.get_response().parameters["triton_final_response"].bool_param
        check_linear(models, result, batches[number])


def test_a_stream_outlives_its_errors(client, models):
    if not client.is_grpc:
        pytest.skip("streams are gRPC's")
    x = linear_input()
    answers = stream(client, [
        {"model_name": name, "inputs": [client.tensor("input", x, "FP32")], "request_id": name}
        for name in ("linear", "nobody", "linear")])
    assert [error is None for _, error in answers] == [True, False, True]
    assert "nobody" in str(answers[1][1])
    check_linear(models, answers[2][0], x)
