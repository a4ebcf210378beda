"""Command line of the benchmarks: all tables in one run."""

import argparse
import json
from pathlib import Path
from time import perf_counter, process_time

from benchmarks.full import full_training
from benchmarks.full_linear import full_linear
from benchmarks.horizon import horizons
from benchmarks.products import products
from benchmarks.protocol import protocol
from benchmarks.scaling import against_horizon, against_neurons, against_runs
from benchmarks.table import environment
from benchmarks.tracking import tracking

TABLES = (
    protocol,
    against_neurons,
    against_horizon,
    against_runs,
    horizons,
    full_training,
    products,
    tracking,
    full_linear,
)


def main() -> None:
    """Print every table; write all of them as JSON if asked."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Exact descent and direct training beside an autograd loop; costs against N, T and runs; "
        "very long horizons. Takes one to three minutes; targets that are not met do not fail the command.",
        epilog="example: python -m benchmarks --json benchmarks.json",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the tables to FILE as JSON")
    arguments = parser.parse_args()
    found = environment()
    print(", ".join(f"{name} {value}" for name, value in found.items()), flush=True)
    tables, start, used = [], perf_counter(), process_time()
    for measure in TABLES:
        tables.append(measure())
        print(f"\n{tables[-1].text()}", flush=True)
    wall, used = perf_counter() - start, process_time() - used
    print(f"\n{wall:.0f} s, of which {used:.0f} s on a processor: much less means that other work was running")
    if arguments.json:
        found |= {"seconds": f"{wall:.0f}", "processor_seconds": f"{used:.0f}"}
        document = {"environment": found, "tables": [table.record() for table in tables]}
        arguments.json.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
