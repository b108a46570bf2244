"""HTTP framing against raw sockets: what is not a well-formed request is refused, at once and whole."""

import contextlib
import gzip
import json
import socket
import threading
import time
import zlib

import harness
import pytest

ROW = [0.5] * 10
BODY = json.dumps({"input": [ROW]}).encode()
LIMIT = 1 << 20


@pytest.fixture(scope="module")
def server(models):
    with harness.Server(f"{models}/linear.pt", "--max-request-bytes", LIMIT, "--max-connections", 256) as running:
        running.expected = running.predict("linear", [ROW])
        running.rss_before = running.rss_mib()
        yield running


class SlowSender(threading.Thread):
    """Sends `data`, then a byte a second until the server ends it: `answer`, after `seconds`."""

    def __init__(self, port, data):
        super().__init__(daemon=True)
        self.port, self.data = port, data
        self.answer, self.seconds = b"", None

    def run(self):
        started = time.monotonic()
        with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
            connection.sendall(self.data)
            while time.monotonic() - started < harness.PATIENCE:
                try:
                    part = connection.recv(65536)
                    if not part:
                        break
                    self.answer += part
                except TimeoutError:
                    with contextlib.suppress(OSError):  # the next recv tells
                        connection.sendall(b"a")
                except ConnectionError:
                    break
        self.seconds = time.monotonic() - started


@pytest.fixture(scope="module", autouse=True)
def slow_senders(server):
    """They take their time while the other tests run."""
    senders = {"head": SlowSender(server.http_port, b"POST /predict HTTP/1.1\r\nHost: x\r\nX-Slow: "),
               "body": SlowSender(server.http_port, head("Content-Length: 1000") + b'{"input'),
               "chunks": SlowSender(server.http_port, chunked(b"3e8\r\n{"))}
    for sender in senders.values():
        sender.start()
    return senders


@pytest.fixture(autouse=True)
def well_after(server):
    yield
    assert server.process.poll() is None, server.log()
    assert server.predict("linear", [ROW]) == server.expected
    assert server.rss_mib() - server.rss_before < 100


def head(*lines, start="POST /predict HTTP/1.1"):
    return "\r\n".join([start, "Host: x", *lines, "", ""]).encode()


def parse(data):
    """(status, headers, body) of the first response in `data`."""
    assert data.startswith(b"HTTP/1.1 "), data[:200]
    top, _, body = data.partition(b"\r\n\r\n")
    first, *lines = top.decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}
    return int(first.split()[1]), headers, body


def refused(server, data, status, closes=True):
    """Sends `data`, without a client's half of any close, and expects an answer and then the end."""
    started = time.monotonic()
    got, headers, body = parse(server.raw(data, timeout=30))
    assert got == status, (got, body)
    assert harness.is_one_sentence(json.loads(body[: int(headers["content-length"])])["error"])
    if closes:
        assert headers["connection"].lower() == "close"
    assert time.monotonic() - started < 20
    return headers


def test_requests_sent_without_waiting_are_all_answered_in_order(server):
    for _ in range(20):  # so that the server knows how long a run takes
        server.predict("linear", [ROW])
    bodies = [json.dumps({"input": [[number] * 10]}).encode() for number in range(50)]
    sent = b"".join(head(f"Content-Length: {len(body)}") + body for body in bodies[:-1])
    sent += head(f"Content-Length: {len(bodies[-1])}", "Connection: close") + bodies[-1]
    answers = [json.loads(part.split(b"\r\n\r\n", 1)[1])["output"]
               for part in server.raw(sent).split(b"HTTP/1.1 200 OK")[1:]]
    assert answers == [server.predict("linear", [[number] * 10]) for number in range(50)]


def chunked(*chunks):
    return head("Transfer-Encoding: chunked") + b"".join(chunks)


def test_a_chunked_body_is_read(server):
    data = chunked(b"%x\r\n%s\r\n" % (len(BODY), BODY), b"0\r\n\r\n")
    with socket.create_connection(("127.0.0.1", server.http_port), timeout=30) as connection:
        connection.sendall(data)
        answer = connection.recv(65536)
    assert parse(answer)[0] == 200


def test_requests_in_one_packet_are_answered_in_order(server):
    one = head(f"Content-Length: {len(BODY)}") + BODY
    last = head(f"Content-Length: {len(BODY)}", "Connection: close") + BODY
    data = server.raw(one + one + last, timeout=30)
    assert data.count(b"HTTP/1.1 200") == 3


@pytest.mark.parametrize("cut", [10, 40, -5])
def test_31_a_request_that_ends_early(server, cut):
    data = (head(f"Content-Length: {len(BODY)}") + BODY)[:cut]
    answer = server.raw(data, timeout=30, close_write=True)
    assert answer == b"" or parse(answer)[0] in (400, 408)


@pytest.mark.parametrize("length", ["1000000000000000000", str(LIMIT + 1)])
def test_32_a_length_above_the_limit_is_refused_at_once(server, length):
    refused(server, head(f"Content-Length: {length}"), 413)


def test_32_also_where_the_client_waits_for_100(server):
    refused(server, head(f"Content-Length: {LIMIT + 1}", "Expect: 100-continue"), 413)


@pytest.mark.parametrize("lines", [
    ["Content-Length: abc"], ["Content-Length: -1"], ["Content-Length: +5"], ["Content-Length: 0x10"],
    ["Content-Length: 1 0"], ["Content-Length: "], ["Content-Length: 5, 5"],
    ["Content-Length: 5", "Content-Length: 6"], ["Content-Length: 5", "Content-Length: 5"],
    ["Content-Length: 5", "Transfer-Encoding: chunked"], ["Transfer-Encoding: chunked", "Content-Length: 5"],
    ["Content-Length: 99999999999999999999999"],
], ids=str)
def test_33_a_length_that_is_not_one_number(server, lines):
    status = 413 if "9999" in lines[0] else 400
    got, headers, _ = parse(server.raw(head(*lines) + b"hello", timeout=30))
    assert got in (400, status)
    assert headers["connection"].lower() == "close"


@pytest.mark.parametrize("value", ["chunked, chunked", "gzip, chunked", "identity", "chunke", "xchunked", ""])
def test_33_another_transfer_encoding(server, value):
    got, headers, _ = parse(server.raw(head(f"Transfer-Encoding: {value}") + b"0\r\n\r\n", timeout=30))
    assert got in (400, 501)
    assert headers["connection"].lower() == "close"


def test_34_a_chunked_body_above_the_limit(server):
    chunk = b"%x\r\n%s\r\n" % (65536, b" " * 65536)
    answer = server.raw(chunked(*[chunk] * 17), timeout=30)
    assert parse(answer)[0] == 413


@pytest.mark.parametrize("size", [b"-2", b"0x2", b"0x", b"+2", b"", b" 2", b"zz", b"FFFFFFFFFFFFFFFFF",
                                  b"ffffffffffffffff"])
def test_35_a_chunk_size_that_is_not_hex(server, size):
    answer = server.raw(chunked(size + b"\r\nab\r\n0\r\n\r\n"), timeout=30)
    assert parse(answer)[0] in (400, 413 if size.lower().startswith(b"ff") else 400)
    assert parse(answer)[1]["connection"].lower() == "close"


def test_35_a_chunk_longer_than_it_says(server):
    refused(server, chunked(b"2\r\nabc\r\n0\r\n\r\n"), 400)


def test_35_very_many_chunks(server):
    answer = server.raw(chunked(*[b"1\r\n \r\n"] * 70_000), timeout=30)
    assert parse(answer)[0] in (400, 413)


def test_36_a_gzip_bomb(server):
    packed = gzip.compress(b" " * (200 << 20))
    answer = server.raw(head(f"Content-Length: {len(packed)}", "Content-Encoding: gzip",
                             "Connection: close") + packed, timeout=60)
    assert parse(answer)[0] == 413


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_37_corrupt_compression(server, encoding):
    packed = bytearray(gzip.compress(BODY) if encoding == "gzip" else zlib.compress(BODY))
    packed[len(packed) // 2] ^= 0xFF
    answer = server.raw(head(f"Content-Length: {len(packed)}", f"Content-Encoding: {encoding}",
                             "Connection: close") + bytes(packed), timeout=30)
    assert parse(answer)[0] == 400


def test_38_an_unknown_content_encoding(server):
    headers = refused(server, head(f"Content-Length: {len(BODY)}", "Content-Encoding: br",
                                   "Connection: close") + BODY, 415)
    assert "accept-encoding" in headers


def test_39_a_header_line_too_long(server):
    refused(server, head("X-Long: " + "a" * 100_000), 431)


def test_39_too_many_headers(server):
    refused(server, head(*[f"X-{n}: 1" for n in range(2000)]), 431)


def test_39_a_header_that_never_ends(server):
    data = b"POST /predict HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * (1 << 20)
    assert parse(server.raw(data, timeout=30))[0] == 431


def test_39_a_uri_too_long(server):
    refused(server, head(start="GET /" + "a" * 20_000 + " HTTP/1.1"), 414)


@pytest.mark.parametrize("data,status", [
    (b"hello\r\n\r\n", 400),
    (b"GET /\r\n\r\n", 400),
    (b"GET  / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    (b"GET / HTTP/9.9\r\nHost: x\r\n\r\n", 505),
    (b"GET / HTTP/1.1\r\nHost: x\r\nX-A: a\0b\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: x\r\nX-A: a\rb\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: x\r\nX A: b\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: x\r\nX-A : b\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: x\r\nX-A: a\r\n folded\r\n\r\n", 400),
    (b"GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 64 + b"\r\n\r\n", 400),
], ids=lambda value: repr(value)[:48])
def test_40_a_malformed_head(server, data, status):
    refused(server, data, status)


@pytest.mark.parametrize("data", [
    b"GET /v2/health/live HTTP/1.1\r\n\r\n",
    b"GET /v2/health/live HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
], ids=["none", "two"])
def test_40_one_host(server, data):
    """RFC 9112 section 3.2: a request without Host, or with two, gets 400."""
    refused(server, data, 400)


def test_40_http_1_0_needs_no_host_and_closes(server):
    data = server.raw(b"GET /v2/health/live HTTP/1.0\r\n\r\n", timeout=30)
    assert parse(data)[0] == 200


def test_40_nothing_after_a_refused_request_is_read(server):
    """What follows bad framing may be an attacker's request in another's name."""
    smuggled = b"GET /v2/health/live HTTP/1.1\r\nHost: x\r\n\r\n"
    data = server.raw(head("Content-Length: 0", "Transfer-Encoding: chunked") + smuggled, timeout=30)
    assert data.count(b"HTTP/1.1 ") == 1
    assert parse(data)[0] == 400


def test_40_an_encoded_line_break_does_not_become_a_header(server):
    answer = server.get("/v2/health/live", headers={"X-Request-Id": "a%0D%0ASet-Cookie:b"})
    assert answer.status == 200
    assert "Set-Cookie" not in answer.headers


def test_41_unknown_url_and_wrong_method(server):
    assert server.get("/nothing").status == 404
    answer = server.get("/v2/models/linear/infer")
    assert (answer.status, answer.headers["Allow"]) == (405, "POST")
    answer = server.post("/v2/health/live")
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")


def test_62_slow_senders_do_not_hold_up_others(server):
    with contextlib.ExitStack() as stack:
        for _ in range(64):
            connection = stack.enter_context(
                socket.create_connection(("127.0.0.1", server.http_port), timeout=30))
            connection.sendall(head(f"Content-Length: {len(BODY)}") + BODY[:5])
        started = time.monotonic()
        for _ in range(20):
            assert server.predict("linear", [ROW]) == server.expected
        assert time.monotonic() - started < 5


def test_62_connections_above_the_cap_are_turned_away(server):
    """The cap is 256 here; the one after it gets 503 or is closed, and room comes back."""
    with contextlib.ExitStack() as stack:
        turned_away = False
        for _ in range(300):
            connection = stack.enter_context(
                socket.create_connection(("127.0.0.1", server.http_port), timeout=5))
            connection.setblocking(False)
            stack.callback(connection.close)
        probe = stack.enter_context(socket.create_connection(("127.0.0.1", server.http_port), timeout=30))
        probe.sendall(b"GET /v2/health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        with contextlib.suppress(ConnectionError, TimeoutError):
            answer = harness.read_to_end(probe)
            turned_away = answer == b"" or parse(answer)[0] == 503
        assert turned_away
    harness.wait_for("room for a connection", lambda: answers(server))


def answers(server):
    with contextlib.suppress(OSError):
        return server.get("/v2/health/live", timeout=5).status == 200
    return False


@pytest.mark.parametrize("what", ["head", "body", "chunks"])
def test_62_a_slow_sender_ends_in_408(slow_senders, what):
    """A byte now and then does not keep a connection: the deadline is that of all bytes together."""
    sender = slow_senders[what]
    sender.join(harness.PATIENCE)
    assert sender.seconds is not None and sender.seconds < 90
    status, headers, _ = parse(sender.answer)
    assert status == 408
    assert headers["connection"].lower() == "close"
