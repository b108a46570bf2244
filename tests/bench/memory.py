"""Loads and unloads one model many times and tells how the server's memory grows: a straight line
through the resident sizes after the first quarter, which warms allocators and caches."""

import argparse
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness  # noqa: E402


def control(server, model, action):
    answer = server.post(f"/v2/repository/models/{model}/{action}", {})
    assert answer.status == 200, answer.body


def unloaded(server, model):
    return server.index()[model].get("reason") == "unloaded"


def slope(points):
    """Of the least-squares line through (x, y)."""
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)


def main():
    parser = argparse.ArgumentParser(prog="./dev bench memory", description=__doc__)
    parser.add_argument("--models", default=os.path.join(harness.ROOT, "demo-models"), metavar="DIR")
    parser.add_argument("--only", default="linear,digits", help="models, comma-separated")
    parser.add_argument("--times", type=int, default=200)
    arguments = parser.parse_args()
    print(f"  {'':10} {'file KiB':>9} {'first MiB':>10} {'last MiB':>9} {'KiB per load':>13}")
    for model in arguments.only.split(","):
        with tempfile.TemporaryDirectory() as folder:
            file = shutil.copy(os.path.join(arguments.models, model + ".pt"), folder)
            with harness.Server(folder, "--model-control", "explicit", "--log-level", "info") as server:
                sizes = []
                for _ in range(arguments.times):
                    control(server, model, "load")
                    control(server, model, "unload")
                    harness.wait_for("the unload", lambda: unloaded(server, model))
                    sizes.append(server.rss_mib())
            steady = list(enumerate(sizes))[len(sizes) // 4:]
            print(f"  {model:10} {os.path.getsize(file) / 1024:9.0f} {sizes[0]:10.1f} {sizes[-1]:9.1f} "
                  f"{slope(steady) * 1024:13.1f}", flush=True)


if __name__ == "__main__":
    main()
