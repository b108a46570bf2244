"""From the start of the process until every model is ready, with models checked inline, checked by a
process each because nothing is known of them, and known from the start before. Then what the check
keeps of LibTorch's optimisations where the shapes of ResNet-18 are declared."""

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness  # noqa: E402

RESNET = 'max_batch_size: 8 input { name: "image" data_type: TYPE_FP32 dims: [ 3, 224, 224 ] }'


def seconds_to_ready(models, *flags):
    begin = time.monotonic()
    with harness.Server(models, *flags):
        return time.monotonic() - begin


def measure_starts(models, rounds):
    taken = {"inline": [], "first": [], "again": []}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as cache:
            taken["inline"].append(seconds_to_ready(models, "--check-models", "inline"))
            taken["first"].append(seconds_to_ready(models, "--cache-dir", cache))
            taken["again"].append(seconds_to_ready(models, "--cache-dir", cache))
    for name, seconds in taken.items():
        print(f"  {name:8} {statistics.median(seconds):6.2f} s to ready")


def show_optimizations(models):
    with tempfile.TemporaryDirectory() as folder:
        directory = os.path.join(folder, "resnet18")
        os.mkdir(directory)
        file = shutil.copy(os.path.join(models, "resnet18.pt"), os.path.join(directory, "model.pt"))
        with open(os.path.join(directory, "config.pbtxt"), "w", encoding="utf-8") as config:
            config.write(RESNET)
        _, out, _ = harness.run_server("inspect", file)
    print("\n".join("  resnet18: " + line for line in out.splitlines() if " used: " in line))


def main():
    parser = argparse.ArgumentParser(prog="./dev bench starts", description=__doc__)
    parser.add_argument("--models", default=os.path.join(harness.ROOT, "demo-models"), metavar="DIR")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    measure_starts(arguments.models, arguments.rounds)
    show_optimizations(arguments.models)


if __name__ == "__main__":
    main()
