"""ResNet-18 in an open loop: requests due at random times (Poisson), at a part of what the server can do, and
one at a time. A latency begins when the request was due."""

import os

import measure
from bench_models import prepare

PART = 0.7


def main():
    parser = measure.arguments_of(__doc__, "bench open")
    parser.add_argument("--seconds", type=float, default=25, help="for each protocol's open loop")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.seconds = 8
    with measure.temporary() as folder:
        path = prepare("resnet18", arguments.models, os.path.join(folder, "models"))
        requests = measure.requests_of("resnet18", folder)
        alone = measure.middle([measure.bare(path, "resnet18", 1, 1, 3, *words)
                                for words in ([], ["channels-last,freeze,optimize-for-inference"])])
        with measure.flambeau("resnet18", os.path.join(folder, "models")) as (target, _):
            print(f"{measure.MACHINE}; resnet18\n  {'':32} {'per s':>7} {'p50 ms':>8} {'p99 ms':>8} {'p99/p50':>8}"
                  f" {'batch':>6} errors")
            show("bare loop, one row", alone)
            for protocol in ("http", "grpc"):
                flags = requests.flags(protocol, "image")
                target.load(protocol, 8, 2, *flags)
                show(f"{protocol}, one at a time", target.load(protocol, 1, 4, *flags, warmup=0.5))
                full = target.load(protocol, 32, arguments.seconds / 3, *flags, warmup=3)
                show(f"{protocol}, closed loop of 32", full)
                rate = PART * full["rate"]
                show(f"{protocol}, open loop, {rate:.1f} a second",
                     target.load(protocol, None, arguments.seconds, *flags, "--rate", f"{rate:.2f}", warmup=2))


def show(what, row):
    print(f"  {what:32} {row['rate']:7.1f} {row['p50'] / 1e3:8.1f} {row['p99'] / 1e3:8.1f}"
          f" {row['p99'] / row['p50']:8.2f} {row['batch']:6.1f} {row['errors']:.0f}", flush=True)


if __name__ == "__main__":
    main()
