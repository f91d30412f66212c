"""Run benchmarks, each in a process of its own, and print what they found: `bin/bench [name …]`."""

import argparse
import subprocess
import sys

from benchmarks.figures import read, table

NAMES = ("redirect", "kill", "intake", "decisions", "ledger", "files")


def main() -> int:
    """0 if every floor holds."""
    parser = argparse.ArgumentParser(prog="bin/bench", description=__doc__)
    parser.add_argument("name", nargs="*", help=f"some of {', '.join(NAMES)}; all of them if none is named")
    names = parser.parse_args().name or NAMES
    if unknown := sorted(set(names) - set(NAMES)):
        parser.error(f"there is no benchmark {', '.join(unknown)}")
    figures, failed = [], []
    for name in names:
        print(f"{name} …", file=sys.stderr, flush=True)
        run = subprocess.run(
            [sys.executable, "-m", f"benchmarks.{name}"], stdout=subprocess.PIPE, text=True, check=False
        )
        figures += read(run.stdout)
        failed += [name] if run.returncode else []
    print(f"\n{table(figures)}")
    for name in failed:
        print(f"{name} broke off.")
    return int(bool(failed) or not all(figure.holds for figure in figures))


sys.exit(main())
