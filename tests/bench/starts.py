"""From the start of the process until every model is ready, step by step, and the memory that it then takes:
with models checked inline, checked by a process each because nothing is known of them (first), and known from
the start before (again). Then which of LibTorch's optimisations the check keeps where the shapes of ResNet-18
are declared."""

import collections
import datetime
import os
import shutil
import statistics
import tempfile
import time

import measure
from measure import harness

STEPS = (("starting", "LibTorch loaded"), ("listening", "listening"), ("model checked", "checked"),
         ("model ready", "model ready"), ("serving", "all ready"))
RESNET = 'max_batch_size: 8 input { name: "image" data_type: TYPE_FP32 dims: [ 3, 224, 224 ] }'
WAYS = ("inline", "first", "again")


def timed_start(models, *flags):
    """(server, {event: seconds from the start of the process to the last line of that name})."""
    begin = time.time()
    server = harness.Server(models, "--log-level", "info", *flags, wait_ready=False)
    server.wait_line(lambda line: line.get("event") == "serving")
    return server, {line["event"]: datetime.datetime.fromisoformat(line["time"]).timestamp() - begin
                    for line in server.lines if "time" in line}


def measure_starts(models, rounds):
    taken = {way: [] for way in WAYS}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as cache:
            for way in WAYS:
                flags = ["--check-models", "inline"] if way == "inline" else ["--cache-dir", cache]
                server, at = timed_start(models, *flags)
                with server:
                    taken[way].append(at)
                    memory = memory_of(server.process.pid)
    print(f"  {'':8}" + "".join(f"{what:>17}" for _, what in STEPS))
    for way, starts in taken.items():
        print(f"  {way:8}" + "".join(seconds([start.get(event) for start in starts]) for event, _ in STEPS))
    print("  resident MiB: " + ", ".join(f"{name} {kib / 1024:.1f}" for name, kib in memory), flush=True)


def seconds(found):
    return f"{statistics.median(found):15.3f} s" if None not in found else f"{'':17}"


def memory_of(pid):
    """[(what, KiB resident)] of the parts that matter, the largest first."""
    sizes, part = collections.Counter(), ""
    with open(f"/proc/{pid}/smaps", encoding="utf-8") as file:
        for line in file:
            words = line.split(maxsplit=5)
            if "-" in words[0]:  # a mapping: its addresses, ..., its file
                name = words[5].strip() if len(words) > 5 else ""
                part = "heaps and stacks" if name in ("", "[heap]", "[stack]") else os.path.basename(name)
            elif words[0] == "Rss:":
                sizes["all"] += int(words[1])
                sizes[part] += int(words[1])
            elif words[0] == "Private_Dirty:" and ".so" in part:
                sizes["of libraries, changed on load"] += int(words[1])
    return [(what, kib) for what, kib in sizes.most_common(7) if kib >= 1024]


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
    parser = measure.arguments_of(__doc__, "bench starts")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.rounds = 1
    for what, models in (("linear alone", os.path.join(arguments.models, "linear.pt")),
                         ("the demo models", arguments.models)):
        print(what)
        measure_starts(models, arguments.rounds)
    show_optimizations(arguments.models)


if __name__ == "__main__":
    main()
