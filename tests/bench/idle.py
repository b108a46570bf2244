"""Many connections that say nothing beside 32 that ask: what the 32 notice of them, and what they take."""

import measure
from bench_models import prepare

ACTIVE = 32


def main():
    parser = measure.arguments_of(__doc__, "bench idle")
    parser.add_argument("--connections", type=int, default=2000, help=f"all of them; {ACTIVE} are active")
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=4)
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.rounds, arguments.seconds = 1, 2
    idle = arguments.connections - ACTIVE
    results, seen = {0: [], idle: []}, {}
    with measure.temporary() as folder:
        prepare("linear", arguments.models, folder)
        with measure.flambeau("linear", folder) as (target, _):
            def look(count):
                seen[count] = [measure.status_of(target.pid, name) for name in ("Threads", "VmRSS")]

            target.load("http", ACTIVE, 1)
            for _ in range(arguments.rounds):
                for count, found in results.items():
                    flags = ["--idle-connections", count] if count else []
                    found.append(target.load("http", ACTIVE, arguments.seconds, *flags,
                                             midway=lambda count=count: look(count)))
    print(f"{measure.MACHINE}; linear, REST binary, {ACTIVE} active; {arguments.rounds} rounds of "
          f"{arguments.seconds:g} s each\n  {'idle':>6} {'per s':>9} {'p50':>8} {'p99':>8} {'threads':>8} {'RSS MiB':>8} errors")
    middles = {count: measure.middle(found) for count, found in results.items()}
    for count, row in middles.items():
        threads, rss = seen[count]
        print(f"  {count:6} {row['rate']:9.0f} {row['p50']:8.0f} {row['p99']:8.0f} {threads:8} {rss / 1024:8.1f}"
              f" {row['errors']:.0f}")
    ratio = middles[idle]["p99"] / middles[0]["p99"]
    print(f"  p99 beside {idle} idle connections: {ratio:.2f} of alone")


if __name__ == "__main__":
    main()
