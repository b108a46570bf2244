"""What is bounded says so: queues, deadlines, connections; and a client that goes away."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

import harness
from checks import assert_serves
from transports import BOTH_GRPC, JSON, RAW, Client, Infer, Tensor

SLOW = Infer("slow", (Tensor("x", "FP32", (1, 1), [0.5]),))


@pytest.fixture(scope="module")
def server(models):
    """One worker a model, so that a slow request keeps the next ones waiting."""
    with harness.Server(models, "--instances", 1, "--threads", 1, "--max-queue-size", 2) as server:
        yield server


@pytest.mark.parametrize("transport", [JSON, RAW])
def test_a_full_queue_refuses_at_once(client, transport):
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda _: client.infer(SLOW, transport), range(8)))
    full = "RESOURCE_EXHAUSTED" if transport in BOTH_GRPC else 429
    codes = [outcome.code for outcome in outcomes]
    assert set(codes) == {full, "OK" if transport in BOTH_GRPC else 200}, codes
    assert 3 <= len(codes) - codes.count(full) <= 4, codes  # one runs, two wait; one may end meanwhile
    for outcome in outcomes:
        if outcome.code == full:
            assert harness.is_one_sentence(outcome.error), outcome.error
            assert transport in BOTH_GRPC or int(outcome.headers["retry-after"]) >= 1
    assert_serves(client)


def while_busy(client):
    """Sends a slow request and waits until it runs; the thread that waits for its answer."""
    thread = threading.Thread(target=lambda: client.infer(SLOW, JSON))
    thread.start()
    harness.wait_for("the slow model to be busy", lambda: client.server.metric(
        "flambeau_model_in_flight", model="slow") == 1 and queued(client.server) == 0)
    return thread


def queued(server):
    return server.metric("flambeau_queue_depth", model="slow")


@pytest.mark.parametrize("transport", [JSON, RAW])
def test_a_deadline_that_passes_in_the_queue(client, transport):
    busy = while_busy(client)
    outcome = client.infer(Infer("slow", SLOW.inputs, parameters={"timeout": 50_000}), transport)
    assert busy.is_alive(), "it is answered before the worker is free"
    busy.join()
    assert outcome.code == ("DEADLINE_EXCEEDED" if transport in BOTH_GRPC else 504), outcome
    assert harness.is_one_sentence(outcome.error), outcome.error
    assert_serves(client)


def test_the_deadline_of_a_grpc_call(client):
    busy = while_busy(client)
    with pytest.raises(grpc.RpcError) as raised:
        client.stub.ModelInfer(client.message(SLOW, raw=True), timeout=0.1)
    assert raised.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    busy.join()
    assert_serves(client)


def test_a_client_that_goes_away_is_dropped_from_the_queue(client, server):
    """Its request never runs, and its room in the queue comes back."""
    def runs():
        return server.metric("nv_inference_exec_count", model="slow")

    def cancelled():  # gRPC's client may have ended an earlier test's call before the server's deadline for it
        return server.metric("flambeau_requests_total", model="slow", status="CANCELLED")

    before, cancelled_before = runs(), cancelled()
    busy = while_busy(client)
    text = b'{"input": [[0.5]]}'
    with socket.create_connection(("127.0.0.1", server.http_port), timeout=30) as connection:
        connection.sendall(b"POST /predict/slow HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s"
                           % (len(text), text))
        harness.wait_for("it to wait", lambda: queued(server) == 1)
    busy.join()
    harness.wait_for("its room to come back", lambda: queued(server) == 0)
    harness.wait_for("its end", lambda: server.metric("flambeau_model_in_flight", model="slow") == 0)
    assert runs() == before + 1
    assert cancelled() == cancelled_before + 1
    assert_serves(client)
