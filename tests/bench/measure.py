"""What the benchmarks share: servers to measure, load on them by `flambeau bench`, and what it costs."""

import contextlib
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
import bench_models  # noqa: E402
import harness  # noqa: E402
import numpy  # noqa: E402

CORES = len(os.sched_getaffinity(0))
TICK = os.sysconf("SC_CLK_TCK")
# Time enough that each check tries all optimisations and ends its proof, once for each build.
CHECK_SECONDS = 600
CHECKS = ("--check-timeout", CHECK_SECONDS, "--cache-dir", os.path.join(harness.ROOT, ".cache", "bench"))
MACHINE = f"{CORES} cores, shared by servers and load generators"


def program(name):
    return os.path.join(harness.BUILD, "bin", name)


def output_of(command, **environment):
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False,
                            env={**os.environ, **environment})
    if result.returncode != 0:
        sys.exit(f"{command[0]} failed:\n{result.stdout}{result.stderr}")
    return result.stdout


def middle(results):
    """One result for the rounds of one measurement: the median of each number."""
    return {key: statistics.median(result[key] for result in results) for key in results[0]}


def arguments_of(doc, name):
    """The flags that every benchmark has; more may be added."""
    import argparse  # noqa: PLC0415

    parser = argparse.ArgumentParser(prog=f"./dev {name}", description=doc,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default=os.path.join(harness.ROOT, "demo-models"), metavar="DIR",
                        help="the demo models")
    parser.add_argument("--quick", action="store_true", help="a quarter of the time, for a first look")
    parser.add_argument("--chart", metavar="FILE", help="write a chart there, a PNG")
    return parser


# ---- What a process costs -------------------------------------------------------------------


def family(pid):
    """The process and its children."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as file:
        return [pid, *(int(child) for child in file.read().split())]


def cpu_seconds(pid):
    total = 0
    for one in family(pid):
        with contextlib.suppress(FileNotFoundError), open(f"/proc/{one}/stat", encoding="utf-8") as file:
            fields = file.read().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
    return total / TICK


def status_of(pid, name):
    """A number of /proc/PID/status, in its own unit."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return int(re.search(rf"^{name}:\s+(\d+)", file.read(), re.MULTILINE).group(1))


# ---- Bare LibTorch --------------------------------------------------------------------------


def bare(path, model, rows, callers, seconds, *optimizations):
    """Rows a second of a loop around the model, and the microseconds of CPU for one."""
    shape, datatype = bench_models.SHAPES[model]
    text = "x".join(map(str, [rows, *shape])) + (":int64" if datatype == "INT64" else "")
    out = output_of([program("raw_loop"), path, text, callers, seconds, *optimizations])
    found = json.loads(re.search(r"^BENCH (\{.*\})$", out, re.MULTILINE).group(1))
    return {"rate": rows * found["requests"] / found["seconds"], "p50": found["p50_us"], "p90": found["p90_us"],
            "p99": found["p99_us"], "cpu": found["cpu_us"] / rows, "batch": rows, "errors": 0}


# ---- Servers --------------------------------------------------------------------------------


class Target:
    """A server under load: where it listens, and which process pays."""

    def __init__(self, pid, model, http="", grpc=""):
        self.pid, self.model, self.http, self.grpc = pid, model, http, grpc

    def load(self, protocol, concurrency, seconds, *flags, warmup=0.2, midway=None):
        """What `flambeau bench` saw: rate (a second), p50, p90, p99 (us); the server's CPU (us a request).
        Calls `midway` in the middle of it."""
        command = [harness.COMMAND, "bench", self.model, "--json", "--protocol", protocol, "--url", self.http,
                   "--server", self.grpc, "--duration", seconds, "--warmup", warmup, *flags]
        if concurrency:
            command += ["--concurrency", concurrency]
        if midway:
            threading.Timer(warmup + seconds / 2, midway).start()
        before = cpu_seconds(self.pid)
        found = json.loads(output_of(command))
        spent = cpu_seconds(self.pid) - before
        rate, latency = found["requests_per_second"], found["latency_us"]
        # The warm-up's requests, and at the end those in flight, were paid for too.
        paid = max(rate * (found["seconds"] + warmup) + (concurrency or 0) / 2, 1)
        return {"rate": rate, "p50": latency["p50"], "p90": latency["p90"], "p99": latency["p99"],
                "cpu": spent * 1e6 / paid, "batch": found.get("server", {}).get("batch_size_mean", 0),
                "errors": sum(found["errors"].values()) + found["not_sent"]}


def requests_of(model, folder):
    shape, datatype = bench_models.SHAPES[model]
    return Requests([1, *shape], datatype, folder)


class Requests:
    """Requests of one shape in the forms that the servers take; as flags of `flambeau bench`."""

    def __init__(self, shape, datatype, folder):
        self.shape, self.datatype = shape, datatype
        if datatype == "INT64":
            values = numpy.ones(shape, numpy.int64)
        else:  # all different: a processor learns what it sees again and again
            values = numpy.random.default_rng(1).random(shape).round(8)
        handle, self.json = tempfile.mkstemp(suffix=".json", dir=folder)
        with open(handle, "w", encoding="utf-8") as file:
            json.dump(values.tolist(), file)
        handle, self.array = tempfile.mkstemp(suffix=".npy", dir=folder)
        with open(handle, "wb") as file:
            numpy.save(file, values if datatype == "INT64" else values.astype(numpy.float32))

    def flags(self, protocol, name=None):
        """Without a name: for a server that tells none."""
        if protocol == "predict":
            return ["--input", "@" + self.json]
        if name is None:
            return ["--input", f"x=@{self.array}"]
        return ["--shape", f"{name}=" + ",".join(map(str, self.shape))]


@contextlib.contextmanager
def flambeau(model, path, *flags, environment=None):
    """Ours, serving what is at `path`: (target, harness.Server)."""
    with harness.Server(path, "--log-level", "info", *CHECKS, *flags, environment=environment,
                        wait_ready=False) as server:
        server.wait_line(lambda line: line.get("event") == "serving", seconds=CHECK_SECONDS)
        target = Target(server.process.pid, model, f"http://127.0.0.1:{server.http_port}",
                        f"127.0.0.1:{server.grpc_port}")
        yield target, server


def input_of(server, model):
    return server.metadata(model)["inputs"][0]["name"]


def warm(target, server, requests):
    """Until the model is proven or has had its chance: what is measured is the steady state."""
    flags = requests.flags("http", input_of(server, target.model))
    target.load("http", 8, 1, *flags)
    with contextlib.suppress(AssertionError):
        harness.wait_for("the proof", lambda: server.batching(target.model)[0] != "unproven", seconds=60)
    target.load("http", 32, 1, *flags)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def accepts(port):
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def started(command, port, **options):
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, **options)
    try:
        harness.wait_for(f"{command[0]} to listen", lambda: accepts(port))
        yield process.pid
    finally:
        process.terminate()
        process.wait()


@contextlib.contextmanager
def flask(model, path):
    """The tutorial's, a process a core."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--workers", CORES, "--worker-class", "gthread", "--threads", 4,
               "--bind", f"127.0.0.1:{port}", "--backlog", 1024, "--chdir", HERE, "flask_server:app"]
    with started(command, port, env={**os.environ, "MODEL": path}) as pid:
        target = Target(pid, model, f"http://127.0.0.1:{port}")
        answers(target)
        yield target


def answers(target):
    """Until it does: gunicorn listens before its workers have read the model."""
    port = int(target.http.rsplit(":", 1)[1])
    harness.wait_for("an answer", lambda: http_status(port) > 0)


def http_status(port):
    import http.client  # noqa: PLC0415

    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=harness.PATIENCE)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


@contextlib.contextmanager
def http_echo(model):
    """Our connection loop with nothing behind it."""
    port = free_port()
    with started([program("bench_http_echo"), 2, port], port, stdin=subprocess.PIPE) as pid:
        yield Target(pid, model, f"http://127.0.0.1:{port}")


@contextlib.contextmanager
def grpc_echo(model):
    """gRPC with nothing behind it. It knows no datatypes: its requests are arrays."""
    port = free_port()
    with started([program("grpc_echo"), "async", 1, port], port, stdin=subprocess.PIPE) as pid:
        yield Target(pid, model, grpc=f"127.0.0.1:{port}")


def temporary():
    return tempfile.TemporaryDirectory(prefix="flambeau-bench-")
