"""Clients that ask a model without pause while its versions come, go, break and are rolled back.

Every version adds its own number to the input, so that an answer shows which version gave it, and the
answer's claim can be checked. A request may be answered by any version that was live between its
sending and its answer; everything else is counted as wrong.
"""

import http.client
import json
import os
import threading
import time

import harness
import torch

MODEL = "swapped"


class AddVersion(torch.nn.Module):
    """x + version, with a layer whose work does not show."""

    def __init__(self, version: int, width: int = 64):
        super().__init__()
        self.version = float(version)
        self.layer = torch.nn.Linear(4, width)

    def forward(self, x):
        return x + self.version + 0.0 * self.layer(x).sum(1, keepdim=True)


class Directory:
    """A model directory, and what is done to it; files are made beside it and moved in."""

    def __init__(self, root):
        self.root = os.path.join(root, "models")
        self.model = os.path.join(self.root, MODEL)
        self.staging = os.path.join(root, "staging")
        os.makedirs(self.model)
        os.makedirs(self.staging)

    def save(self, version):
        """A version's directory, beside the model directory."""
        folder = os.path.join(self.staging, str(version))
        os.makedirs(folder, exist_ok=True)
        torch.jit.script(AddVersion(version).eval()).save(os.path.join(folder, "model.pt"))
        return folder

    def move_in(self, version):
        os.rename(self.save(version), os.path.join(self.model, str(version)))

    def copy_in(self, version, pause=0.05):
        """Slowly, in the order of the bytes, as over a network."""
        with open(os.path.join(self.save(version), "model.pt"), "rb") as file:
            data = file.read()
        folder = os.path.join(self.model, str(version))
        os.makedirs(folder)
        with open(os.path.join(folder, "model.pt"), "wb") as out:
            for at in range(0, len(data), len(data) // 8 + 1):
                out.write(data[at:at + len(data) // 8 + 1])
                out.flush()
                threading.Event().wait(pause)

    def write(self, name, data):
        """A file of the model, whole at once."""
        staged = os.path.join(self.staging, "file")
        with open(staged, "wb") as out:
            out.write(data)
        path = os.path.join(self.model, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.rename(staged, path)

    def route(self, **labels):
        self.write("routing.json", json.dumps({"labels": labels}).encode())


class Clients:
    """Threads that ask without pause, each over its own connection. A context manager."""

    def __init__(self, server, count, serving):
        self.server = server
        self.answers = []  # (sent, received, version)
        self.failures = []  # sentences
        self._live = {serving: [[time.monotonic(), float("inf")]]}  # version: [[from, to]]
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(count)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def may_serve(self, version):
        """From now on."""
        self._live.setdefault(version, []).append([time.monotonic(), float("inf")])

    def serves_no_more(self, version):
        """From now on: seen gone."""
        self._live[version][-1][1] = time.monotonic()

    def wrong(self):
        """The answers of versions that were not live."""
        return [answer for answer in self.answers
                if not any(begin <= answer[1] and answer[0] <= end
                           for begin, end in self._live.get(answer[2], []))]

    def _run(self, number):
        ask = self._predict if number % 2 else self._infer
        connection = http.client.HTTPConnection("127.0.0.1", self.server.http_port, timeout=60)
        while not self._ended.is_set():
            sent = time.monotonic()
            try:
                version = ask(connection, number)
            except Exception as error:  # whatever it is, a client would have seen it
                self.failures.append(f"{type(error).__name__}: {error}")
                connection.close()
                continue
            self.answers.append((sent, time.monotonic(), version))

    def _ask(self, connection, path, body):
        connection.request("POST", path, json.dumps(body))
        response = connection.getresponse()
        text = response.read()
        assert response.status == 200, f"{response.status} {text.decode()}"
        return json.loads(text), response.headers

    def _infer(self, connection, number):
        body = {"inputs": [{"name": "x", "shape": [1, 4], "datatype": "FP32", "data": [number, 0, 0, 0]}]}
        answer, _ = self._ask(connection, f"/v2/models/{MODEL}/infer", body)
        version = int(answer["model_version"])
        assert answer["outputs"][0]["data"] == [number + version, version, version, version], answer
        return version

    def _predict(self, connection, number):
        answer, headers = self._ask(connection, f"/predict/{MODEL}", {"input": [[number, 0, 0, 0]]})
        version = int(headers["X-Model-Version"])
        assert answer["output"] == [[number + version, version, version, version]], answer
        return version


def states(server):
    """{version: state} of the model."""
    return {int(entry["version"]): entry["state"] for entry in server.post("/v2/repository/index").json
            if entry["name"] == MODEL and entry.get("version")}


def swap(directory, server, clients, old, new, slowly=False):
    """Brings version `new` and waits until it serves and `old` is gone. Seconds from the rename, or
    from the last byte, until then."""
    clients.may_serve(new)
    (directory.copy_in if slowly else directory.move_in)(new)
    begin = time.monotonic()
    harness.wait_for(f"version {new}", lambda: states(server).get(new) == "READY" and old not in states(server))
    clients.serves_no_more(old)
    return time.monotonic() - begin


def break_version(directory, server, version, data):
    """Brings a version that cannot be loaded, waits until that is reported, and takes it away."""
    directory.write(f"{version}/model.pt", data)
    harness.wait_for(f"the report of version {version}", lambda: states(server).get(version) == "UNAVAILABLE")
    os.remove(os.path.join(directory.model, str(version), "model.pt"))
    os.rmdir(os.path.join(directory.model, str(version)))
    harness.wait_for(f"the end of version {version}", lambda: version not in states(server))


def roll_back(directory, server, clients, good, bad):
    """Labels `bad` stable, then `good` again; both serve by then. Seconds until the latter counts."""
    move_stable(directory, server, clients, good, bad)
    return move_stable(directory, server, clients, bad, good)


def move_stable(directory, server, clients, old, new):
    clients.may_serve(new)
    begin = time.monotonic()
    directory.route(stable=new)
    harness.wait_for("the label", lambda: server.metadata(MODEL)["properties"].get("labels.stable") == str(new))
    clients.serves_no_more(old)
    return time.monotonic() - begin
