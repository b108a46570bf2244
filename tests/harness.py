"""Runs the built programs as a user would: real processes, real sockets, ports the kernel chose."""

import contextlib
import http.client
import http.server
import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.environ.get("FLAMBEAU_BUILD", os.path.join(ROOT, "build"))
SERVER = os.path.join(BUILD, "bin", "flambeau-server")
COMMAND = os.path.join(BUILD, "bin", "flambeau")
# Checks of models are kept for this run of the tests alone: a model is checked once, by this build.
CACHE = tempfile.TemporaryDirectory(prefix="flambeau-cache-")
PATIENCE = 120  # seconds before a wait fails a test; a loaded machine is slow


def environment_with(more):
    return {**os.environ, "FLAMBEAU_CACHE_DIR": CACHE.name, **(more or {})}


def wait_for(what, condition, seconds=PATIENCE):
    """Polls until `condition()` is true and returns it; fails with `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"waited {seconds} s in vain for {what}"
        pause.wait(0.02)


class Handler(http.server.BaseHTTPRequestHandler):
    """Of a server that a test makes up: HTTP/1.1, silent."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def listening(handler):
    """A server in this process that answers as `handler` does; yields its port."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as listener:
        thread = threading.Thread(target=listener.serve_forever)
        thread.start()
        try:
            yield listener.server_port
        finally:
            listener.shutdown()
            thread.join()


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def error(self):
        return self.json["error"]


class Server:
    """A flambeau-server on free ports. Use as a context manager; kills what is left at the end."""

    def __init__(self, path, *flags, environment=None, wait_ready=True, program=(SERVER,)):
        command = [*program, str(path), *(str(flag) for flag in flags)]
        for flag, value in [("--http-port", 0), ("--grpc-port", 0), ("--metrics-port", 0),
                            ("--log-format", "json"), ("--log-level", "debug")]:
            if flag not in command:
                command += [flag, str(value)]
        self.lines = []
        self._arrived = threading.Condition()
        self.process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            env=environment_with(environment))
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        listening = self.wait_line(lambda line: line.get("event") == "listening" and "http_port" in line)
        self.http_port = listening["http_port"]
        self.grpc_port = listening["grpc_port"]
        self.metrics_port = listening.get("metrics_port", 0)
        if wait_ready:
            self.wait_ready()

    def _read(self):
        for text in self.process.stderr:
            try:
                line = json.loads(text)
            except ValueError:
                line = {"event": text.rstrip("\n")}
            with self._arrived:
                self.lines.append(line)
                self._arrived.notify_all()
        with self._arrived:
            self.lines.append(None)  # the end
            self._arrived.notify_all()

    def wait_line(self, wanted, seconds=PATIENCE):
        """The first log line, past or future, that `wanted` accepts."""
        deadline = time.monotonic() + seconds
        seen = 0
        with self._arrived:
            while True:
                for line in self.lines[seen:]:
                    assert line is not None, "the server ended:\n" + self.log()
                    if wanted(line):
                        return line
                seen = len(self.lines)
                left = deadline - time.monotonic()
                assert left > 0, "the log line never came:\n" + self.log()
                self._arrived.wait(left)

    def log(self):
        return "\n".join(json.dumps(line) for line in self.lines[-60:] if line is not None)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join()
        self.process.stderr.close()

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def wait(self, seconds=PATIENCE):
        return self.process.wait(seconds)

    # ---- HTTP ----

    def request(self, method, path, body=None, headers=None, timeout=PATIENCE):
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        connection = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=timeout)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def get(self, path, **kwargs):
        return self.request("GET", path, **kwargs)

    def post(self, path, body=None, **kwargs):
        return self.request("POST", path, body, **kwargs)

    def predict(self, model, value, **kwargs):
        answer = self.post(f"/predict/{model}", {"input": value}, **kwargs)
        assert answer.status == 200, answer.body
        return answer.json["output"]

    def raw(self, data, timeout=PATIENCE, close_write=False):
        """Sends bytes as they are, returns all that comes until the server closes."""
        with socket.create_connection(("127.0.0.1", self.http_port), timeout=timeout) as connection:
            connection.sendall(data)
            if close_write:
                connection.shutdown(socket.SHUT_WR)
            return read_to_end(connection)

    def wait_ready(self):
        def ready():
            assert self.process.poll() is None, "the server ended:\n" + self.log()
            return self.get("/v2/health/ready").status == 200
        wait_for("ready", ready)

    # ---- What is known about models ----

    def metadata(self, model):
        answer = self.get(f"/v2/models/{model}")
        assert answer.status == 200, answer.body
        return answer.json

    def batching(self, model):
        """(verdict, reason)."""
        properties = self.metadata(model)["properties"]
        return properties["batching"], properties.get("batching.reason", "")

    def index(self):
        return {entry["name"]: entry for entry in self.post("/v2/repository/index").json}

    # ---- Metrics and memory ----

    def metrics(self):
        return parse_metrics(self.get("/metrics").body.decode())

    def metric(self, name, **labels):
        """The sum of the series of that name with at least those labels."""
        return sum(value for series, its_labels, value in self.metrics()
                   if series == name and labels.items() <= its_labels.items())

    def rss_mib(self):
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as file:
            return int(re.search(r"VmRSS:\s+(\d+) kB", file.read()).group(1)) / 1024


def read_to_end(connection):
    data = b""
    while True:
        try:
            part = connection.recv(65536)
        except ConnectionResetError:
            return data
        if not part:
            return data
        data += part


def parse_metrics(text):
    """[(name, labels, value)] of Prometheus' text format."""
    found = []
    for line in text.splitlines():
        match = re.match(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)", line)
        if match:
            labels = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', match.group(2) or ""))
            found.append((match.group(1), labels, float(match.group(3))))
    return found


def run_server(*arguments, environment=None, seconds=PATIENCE):
    """A flambeau-server that is expected to end by itself: (exit code, stdout, stderr)."""
    result = subprocess.run([SERVER, *map(str, arguments)], capture_output=True, text=True,
                            timeout=seconds, env=environment_with(environment), check=False)
    return result.returncode, result.stdout, result.stderr


def flambeau(server, *arguments, code=0, notes=None):
    """What the command prints, asking `server`; or its one line of complaint, with exit status `code`. The lines of
    stderr of one that succeeds go into the list `notes`."""
    where = ["--server", f"127.0.0.1:{server.grpc_port}", "--url", f"http://127.0.0.1:{server.http_port}"]
    result = subprocess.run([COMMAND, *(str(argument) for argument in arguments), *where],
                            capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert result.returncode == code, result.stdout + result.stderr
    if code != 0:
        assert len(result.stderr.strip().splitlines()) == 1, result.stderr
        return result.stderr
    if notes is None:
        assert result.stderr == ""
    else:
        notes += result.stderr.splitlines()
    return result.stdout


def is_one_sentence(text):
    """An error for people: one line, no C++ and no host path; the name of the author's own file may be."""
    foreign = re.search(r"\.(cpp|cc|h)\b|[/\\]\S*\.py\b|std::|c10::|torch::|Traceback|Exception raised|terminate", text)
    path = re.search(r"(^|[\s'\"])/(?!v2/|predict)[\w.-]+/", text)
    return bool(text) and "\n" not in text and not foreign and not path and len(text) < 600
