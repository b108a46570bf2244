"""Asks model A while model B is loaded and unloaded without pause: what a load costs its neighbours.
Rounds with and without the loads take turns, so that a noisy machine is noisy to both."""

import argparse
import os
import shutil
import statistics
import tempfile
import threading

import measure
from measure import harness
from memory import control


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
    parser.add_argument("--asked", default="mlp1000", choices=("linear", "mlp1000", "resnet18"))
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
        with measure.flambeau(arguments.asked, models, "--model-control", "explicit", "--load-model",
                              arguments.asked) as (target, server):
            requests = measure.requests_of(arguments.asked, folder)
            measure.warm(target, server, requests)
            flags = requests.flags("http", measure.input_of(server, arguments.asked))
            quiet, disturbed, loads = [], [], 0
            for _ in range(arguments.rounds):
                quiet.append(target.load("http", arguments.concurrency, arguments.seconds, *flags))
                with Loads(server, arguments.loaded) as loading:
                    disturbed.append(target.load("http", arguments.concurrency, arguments.seconds, *flags))
                loads += loading.count
    print(f"  {arguments.asked} at {arguments.concurrency} clients; {loads} loads of {arguments.loaded}\n"
          f"  {'':16} {'per s':>9} {'p50 us':>9} {'p99 us':>9}")
    for what, results in (("alone", quiet), ("beside loads", disturbed)):
        result = measure.middle(results)
        print(f"  {what:16} {result['rate']:9.0f} {result['p50']:9.0f} {result['p99']:9.0f}")
    ratio = statistics.median(r["p99"] for r in disturbed) / statistics.median(r["p99"] for r in quiet)
    print(f"  p99 beside loads over p99 alone: {ratio:.2f}")


if __name__ == "__main__":
    main()
