"""Asks a model with many clients while its versions are swapped, broken and rolled back.

No request may fail, and every answer must come from a version that was live while it was asked.
"""

import argparse
import os
import random
import statistics
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import harness  # noqa: E402
import version_swaps as swaps  # noqa: E402


def broken_uploads(directory):
    """What goes wrong in practice: no model at all, a damaged one, half of one."""
    with open(os.path.join(directory.save(0), "model.pt"), "rb") as file:
        good = file.read()
    damaged = bytearray(good)
    for at in random.Random(0).sample(range(len(good) // 2), len(good) // 4):
        damaged[at] ^= 0xFF
    return [("half", good[:len(good) // 2]), ("no model", b"<html>404 Not Found</html>"), ("damaged", bytes(damaged))]


def quantile(values, share):
    return sorted(values)[int(share * (len(values) - 1))] * 1e3 if values else float("nan")


class Plan:
    """Events at even times, or as soon as the one before is through: swaps, with the broken uploads
    between them, and a rollback at the end."""

    def __init__(self, arguments, directory, server, clients):
        self.directory, self.server, self.clients = directory, server, clients
        self.took, self.version = [], 1
        events = [self.swap] * arguments.swaps
        uploads = broken_uploads(directory)
        for i in range(arguments.broken):
            at = (i + 1) * arguments.swaps // (arguments.broken + 1) + i
            events.insert(at, lambda upload=uploads[i % len(uploads)]: self.upload(*upload))
        self.events = [*events, self.roll_back]

    def run(self, seconds):
        begin = time.monotonic()
        for number, event in enumerate(self.events):
            threading.Event().wait(max(0, begin + number * seconds / len(self.events) - time.monotonic()))
            event()
        threading.Event().wait(max(0, begin + seconds - time.monotonic()))

    def swap(self):
        slowly = self.version % 4 == 0
        self.took.append(swaps.swap(self.directory, self.server, self.clients, self.version, self.version + 1, slowly))
        self.version += 1

    def upload(self, what, data):
        begin = time.monotonic()
        swaps.break_version(self.directory, self.server, self.version + 1, data)
        print(f"  broken upload ({what}): reported and removed in {time.monotonic() - begin:.1f} s", flush=True)

    def roll_back(self):
        self.directory.route(stable=self.version)
        harness.wait_for("the label", lambda: "labels.stable" in self.server.metadata(swaps.MODEL)["properties"])
        self.directory.move_in(self.version + 1)
        harness.wait_for("the new version", lambda: swaps.states(self.server).get(self.version + 1) == "READY")
        took = swaps.roll_back(self.directory, self.server, self.clients, self.version, self.version + 1)
        print(f"  rollback: in force after {took * 1e3:.0f} ms", flush=True)


def main():
    parser = argparse.ArgumentParser(prog="./dev bench swaps", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--swaps", type=int, default=20)
    parser.add_argument("--broken", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        directory = swaps.Directory(folder)
        directory.move_in(1)
        with harness.Server(directory.root, "--log-level", "info") as server, \
                swaps.Clients(server, arguments.clients, serving=1) as clients:
            plan = Plan(arguments, directory, server, clients)
            begin = time.monotonic()
            plan.run(arguments.seconds)
            seconds = time.monotonic() - begin
    wrong = clients.wrong()
    latencies = [received - sent for sent, received, _ in clients.answers]
    print(f"  {arguments.clients} clients, {seconds:.0f} s, {len(plan.took)} swaps, {arguments.broken} broken "
          f"uploads, 1 rollback\n"
          f"  requests answered   {len(clients.answers)}, by {len({answer[2] for answer in clients.answers})} versions\n"
          f"  requests failed     {len(clients.failures)}\n"
          f"  of a version that was not live   {len(wrong)}\n"
          f"  latency, ms         p50 {quantile(latencies, 0.5):.1f}, p99 {quantile(latencies, 0.99):.1f}, "
          f"longest {quantile(latencies, 1):.1f}\n"
          f"  a swap took         {statistics.median(plan.took):.2f} s (longest {max(plan.took):.2f})")
    for failure in clients.failures[:5]:
        print("  failed:", failure)
    sys.exit(1 if clients.failures or wrong else 0)


if __name__ == "__main__":
    main()
