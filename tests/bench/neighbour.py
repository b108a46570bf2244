"""Asks model A while model B is loaded and unloaded without pause: what a load costs its neighbours.
Rounds with and without the loads take turns, so that a noisy machine is noisy to both."""

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import bench  # noqa: E402
import harness  # noqa: E402
from memory import control  # noqa: E402


class Loads:
    """Loads and unloads a model until the end. A context manager."""

    def __init__(self, server, model):
        self.count = 0
        self._server, self._model = server, model
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join()

    def _run(self):
        while not self._ended.is_set():
            control(self._server, self._model, "load")
            control(self._server, self._model, "unload")
            self.count += 1


def main():
    parser = argparse.ArgumentParser(prog="./dev bench neighbour", description=__doc__)
    parser.add_argument("--models", default=os.path.join(harness.ROOT, "demo-models"), metavar="DIR")
    parser.add_argument("--asked", default="mlp1000", choices=bench.SHAPES)
    parser.add_argument("--loaded", default="resnet18")
    parser.add_argument("--concurrency", type=int, default=8)
    parser.add_argument("--seconds", type=int, default=5, help="for each measurement of a round")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        models = os.path.join(folder, "models")
        os.mkdir(models)
        for model in (arguments.asked, arguments.loaded):
            shutil.copy(os.path.join(arguments.models, model + ".pt"), models)
        with harness.Server(models, "--model-control", "explicit", "--load-model", arguments.asked,
                            "--log-level", "info") as server:
            requests = bench.Requests(arguments.asked, server.metadata(arguments.asked)["inputs"][0]["name"], folder)
            bench.warm(requests, server)
            quiet, disturbed, loads = [], [], 0
            for _ in range(arguments.rounds):
                quiet.append(bench.measure(requests, "REST binary", server, arguments.concurrency, arguments.seconds))
                with Loads(server, arguments.loaded) as loading:
                    disturbed.append(
                        bench.measure(requests, "REST binary", server, arguments.concurrency, arguments.seconds))
                loads += loading.count
    print(f"  {arguments.asked} at {arguments.concurrency} clients; {loads} loads of {arguments.loaded}\n"
          f"  {'':16} {'per s':>9} {'p50 us':>9} {'p99 us':>9}")
    for what, results in (("alone", quiet), ("beside loads", disturbed)):
        result = bench.middle(results)
        print(f"  {what:16} {result['rate']:9.0f} {result['p50_us']:9.0f} {result['p99_us']:9.0f}")
    ratio = statistics.median(r["p99_us"] for r in disturbed) / statistics.median(r["p99_us"] for r in quiet)
    print(f"  p99 beside loads over p99 alone: {ratio:.2f}")


if __name__ == "__main__":
    main()
