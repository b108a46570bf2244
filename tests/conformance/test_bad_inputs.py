"""Every bad input gets its answer, over REST and over gRPC, and the server is as well as before."""

import grpc
import harness
import pytest
from bad_inputs import CASES, ROW

GROWTH_MIB = 150  # what one server may grow by over the whole table


@pytest.fixture(scope="module")
def server(demo_models, adversarial_models, tmp_path_factory):
    directory = tmp_path_factory.mktemp("models")
    for folder, names in [(demo_models, ["linear", "digits"]),
                          (adversarial_models, ["echo", "embedding", "add", "raises"])]:
        for name in names:
            (directory / f"{name}.pt").symlink_to(f"{folder}/{name}.pt")
    with harness.Server(directory, "--max-request-bytes", 8 << 20) as running:
        running.expected = running.predict("linear", [ROW])
        running.rss_before = running.rss_mib()
        yield running


@pytest.fixture(scope="module")
def channel(server):
    with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel:
        yield channel


def ids(cases):
    return [f"{case.row}: {case.name}"[:70] for case in cases]


def as_tuple(value):
    return value if isinstance(value, tuple) else (value,)


def assert_well(server):
    assert server.process.poll() is None, server.log()
    assert server.predict("linear", [ROW]) == server.expected
    assert server.rss_mib() - server.rss_before < GROWTH_MIB


REST = [case for case in CASES if case.rest]
GRPC = [case for case in CASES if case.grpc]


@pytest.mark.parametrize("case", REST, ids=ids(REST))
def test_rest(case, server):
    method, path, body, headers = case.rest
    answer = server.request(method, path, body, headers)
    assert answer.status in as_tuple(case.status), answer.body[:500]
    assert answer.headers["Content-Type"].startswith("application/json")
    if answer.status >= 400:
        assert set(answer.json) == {"error"}
        assert harness.is_one_sentence(answer.error), answer.error
        assert case.also_in_error in answer.error
    if answer.status == 405:
        assert answer.headers["Allow"] == "POST"
    assert_well(server)


@pytest.mark.parametrize("case", GRPC, ids=ids(GRPC))
def test_grpc(case, server, channel, stubs):
    messages, _ = stubs
    request = case.grpc if isinstance(case.grpc, bytes) else case.grpc(messages).SerializeToString()
    call = channel.unary_unary("/inference.GRPCInferenceService/ModelInfer")
    try:
        call(request, timeout=harness.PATIENCE)
        code, text = "OK", ""
    except grpc.RpcError as error:
        code, text = error.code().name, error.details()
    assert code in as_tuple(case.code), text
    if code == "INVALID_ARGUMENT" and not isinstance(case.grpc, bytes):
        assert harness.is_one_sentence(text), text
        assert case.also_in_error in text
    assert_well(server)


def test_a_message_above_the_limit(server, channel, stubs):
    messages, service = stubs
    request = messages.ModelInferRequest(model_name="echo")
    request.inputs.add(name="x", datatype="UINT8", shape=[9 << 20])
    request.raw_input_contents.append(bytes(9 << 20))
    with pytest.raises(grpc.RpcError) as caught:
        service.GRPCInferenceServiceStub(channel).ModelInfer(request, timeout=harness.PATIENCE)
    assert caught.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert_well(server)


def test_an_unknown_method_is_unimplemented(server, channel):
    with pytest.raises(grpc.RpcError) as caught:
        channel.unary_unary("/inference.GRPCInferenceService/Nothing")(b"", timeout=harness.PATIENCE)
    assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED
    assert_well(server)


def test_one_bad_row_fails_alone(server):
    """Batch-mates of a request that the model refuses get their own answers."""
    import concurrent.futures

    good = {"input": [[1, 2]]}
    expected = server.post("/predict/embedding", good).json
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        bodies = [{"input": [[1, 50]]} if n % 8 == 3 else good for n in range(96)]
        answers = list(pool.map(lambda body: server.post("/predict/embedding", body), bodies))
    for body, answer in zip(bodies, answers):
        if body is good:
            assert (answer.status, answer.json) == (200, expected)
        else:
            assert answer.status == 400
    assert_well(server)
