# SPDX-License-Identifier: Apache-2.0
"""Doppel beside the server's own ALTER and other tools. bench/compare is the way to call it."""

import argparse
import json
import os
import shutil
import sys

from report import report
from scenarios import SCENARIOS, Bench, say
from server import ROOT, Server
from shapes import SHAPES
from tools import TOOLS


def parse():
    parser = argparse.ArgumentParser(
        prog="bench/compare",
        description="Runs Doppel, the server's own ALTER (in place and copy), and gh-ost, pt-online-schema-change and "
                    "spirit where they are on PATH, each in turn on the same tables, and writes report.md, raw.json and "
                    "plots (SVG).")
    parser.add_argument("--scenarios", default="idle,probe,load,full,cutover,long", help="of %(default)s")
    parser.add_argument("--shapes", default=",".join(SHAPES), help="tables when idle; the first one with an application. "
                                                                   "Default: %(default)s")
    parser.add_argument("--tools", default=",".join(TOOLS), help="Default: all that are there, %(default)s")
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of each table (%(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="of the idle runs (%(default)s)")
    parser.add_argument("--loaded-rounds", type=int, default=1, help="of those with an application (%(default)s)")
    parser.add_argument("--load-timeout", type=int, default=120, help="seconds for a tool beside an application (%(default)s)")
    parser.add_argument("--baseline-seconds", type=int, default=20, help="of the application alone (%(default)s)")
    parser.add_argument("--swaps", type=int, default=20, help="of the cutover scenario (%(default)s)")
    parser.add_argument("--out", default=os.path.join(ROOT, "build/compare"), help="folder for the results (%(default)s)")
    options = parser.parse_args()
    options.scenarios = options.scenarios.split(",")
    options.shapes = options.shapes.split(",")
    options.tools = options.tools.split(",")
    for kind, given, known in (("scenario", options.scenarios, SCENARIOS), ("shape", options.shapes, SHAPES),
                               ("tool", options.tools, TOOLS)):
        for name in given:
            if name not in known:
                parser.error(f"there is no {kind} {name!r}; there are: {', '.join(known)}")
    for name in ("rows", "rounds", "loaded_rounds", "load_timeout", "baseline_seconds", "swaps"):
        if getattr(options, name) < 1:
            parser.error(f"--{name.replace('_', '-')} must be at least 1")
    return options


def machine():
    """The processor, cores and memory."""
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")
    with open("/proc/meminfo", encoding="utf-8") as lines:
        memory = next(line.split()[1] for line in lines if line.startswith("MemTotal"))
    return {"processor": model, "cores": len(os.sched_getaffinity(0)), "memory_gb": round(int(memory) / 2**20),
            "load_average": os.getloadavg()}


def main():
    options = parse()
    work = os.path.join(options.out, "work")
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work)
    server = Server()
    server.create_schema()
    bench = Bench(server, [SHAPES[name] for name in options.shapes], options, work)
    raw = {"machine": machine(), "server": server.describe(), "options": vars(options),
           "tools": {name: TOOLS[name].version() for name in options.tools}, "results": []}
    try:
        for name in options.scenarios:
            raw["results"] += SCENARIOS[name](bench)
    finally:
        # What was measured before a failure is worth keeping.
        raw["machine"]["load_average_at_the_end"] = os.getloadavg()
        with open(os.path.join(options.out, "raw.json"), "w", encoding="utf-8") as file:
            json.dump(raw, file, indent=1)
        from plot import plot_latency  # matplotlib: not needed for --help

        plots = plot_latency(raw, options.out)
        text = report(raw, plots)
        with open(os.path.join(options.out, "report.md"), "w", encoding="utf-8") as file:
            file.write(text)
    print(text)
    say(f"report.md, raw.json and the plots are in {options.out}")


if __name__ == "__main__":
    sys.exit(main())
