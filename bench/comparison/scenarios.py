# SPDX-License-Identifier: Apache-2.0
"""The situations that are measured. Each returns a list of measurements, plain values that go into raw.json."""

import os
import statistics
import time
from datetime import datetime

from run import Application, doppel_events, run_tool
from server import SCHEMA
from tools import NATIVE, TOOLS

LOAD_TIMEOUT = 120


def say(text):
    print(f"compare: {text}", flush=True)


class Bench:
    """What all scenarios share."""

    def __init__(self, server, shapes, options, work):
        self.server = server
        self.shapes = shapes
        self.options = options
        self.work = work
        self.definitions = {}

    def folder(self, *parts):
        path = os.path.join(self.work, *(part.replace(" ", "-").replace(",", "") for part in parts))
        os.makedirs(path, exist_ok=True)
        return path

    def make(self, shape, rows):
        say(f"making {shape.name}, {rows:,} rows")
        shape.make(self.server, rows)
        self.definitions[shape.name] = self.server.definition(shape.name)

    def tools(self):
        return [TOOLS[name] for name in self.options.tools if name in TOOLS]

    def run(self, tool, table, work, timeout):
        """One measured run; the table is then as it was, whatever became of the tool."""
        result = run_tool(tool, self.server, table, work, timeout)
        ended = result["exit_code"] == 0
        say(f"  {tool.name}: " + (f"{result['seconds']:.2f} s" if ended else
                                  f"not ended after {timeout} s" if result["timed_out"] else
                                  f"failed: {' '.join(result['last_words'])}"))
        if ended and self.server.definition(table).split(" AUTO_INCREMENT")[0] != \
                self.definitions[table].split(" AUTO_INCREMENT")[0]:
            raise RuntimeError(f"{tool.name} left {table} with another definition")
        result["file_bytes"] = self.server.file_bytes(table)
        self.server.remove_leftovers(table)
        output = result.pop("output")
        if tool.name.startswith("doppel"):
            result["events"] = doppel_events(output)
        return result


def idle(bench):
    """Nobody else uses the server. The tools take turns; in each round in another order."""
    results = []
    for shape in bench.shapes:
        bench.make(shape, bench.options.rows)
        tools = bench.tools()
        if shape.secondary_indexes is None:
            tools = [tool for tool in tools if tool.name.startswith("doppel") or tool.name == NATIVE]
        for round_ in range(bench.options.rounds):
            turned = tools[round_ % len(tools):] + tools[:round_ % len(tools)]
            say(f"idle, {shape.name}, round {round_ + 1} of {bench.options.rounds}")
            for tool in turned:
                bench.server.settle()
                result = bench.run(tool, shape.name, bench.folder("idle", shape.name, tool.name), 600)
                results.append({"scenario": "idle", "shape": shape.name, "round": round_, **result})
    return results


def _beside_application(bench, name, shape, rate, tool, round_, calm_seconds):
    """A run beside an application; its seconds before, during and after."""
    work = bench.folder(name, shape.name, tool.name if tool else "nothing")
    bench.server.settle()
    application = Application(bench.server, shape.name, rate, work)
    time.sleep(calm_seconds)
    result = {"tool": "nothing", "exit_code": 0, "timed_out": False}
    try:
        if tool:
            result = bench.run(tool, shape.name, work, bench.options.load_timeout)
        else:
            result["begin_ms"] = time.time() * 1000
            time.sleep(bench.options.baseline_seconds)
            result["end_ms"] = time.time() * 1000
            result["seconds"] = bench.options.baseline_seconds
            say(f"  nothing: {bench.options.baseline_seconds} s")
        # The application's second in which the run ended, and what follows a swap.
        time.sleep(1)
    finally:
        intervals, summary = application.stop()
    inside = [i for i in intervals if i["time_ms"] > result["begin_ms"] and i["time_ms"] - 1000 < result["end_ms"]]
    return {"scenario": name, "shape": shape.name, "round": round_, "rate": rate, **result,
            "intervals": intervals, "application": summary, "worst": worst(inside)}


def worst(intervals):
    """Of the seconds in which a tool ran: what the application saw."""
    if not intervals:
        return None
    return {
        "tps_least": min(i["tps"] for i in intervals),
        "tps_median": statistics.median(i["tps"] for i in intervals),
        "p99_ms_worst": max(i["latency_us"]["p99"] for i in intervals) / 1000,
        "p99_ms_median": statistics.median(i["latency_us"]["p99"] for i in intervals) / 1000,
        "max_ms": max(i["latency_us"]["max"] for i in intervals) / 1000,
        "errors": sum(i["errors"] for i in intervals),
    }


def _loaded(bench, name, rate, calm_seconds, tools):
    shape = bench.shapes[0]
    bench.make(shape, bench.options.rows)
    results = []
    for round_ in range(bench.options.loaded_rounds):
        say(f"{name}, round {round_ + 1} of {bench.options.loaded_rounds}")
        for tool in [None] + tools:
            results.append(_beside_application(bench, name, shape, rate, tool, round_, calm_seconds))
    return results


def probe(bench):
    """50 transactions a second: what does the application notice?"""
    return _loaded(bench, "probe", 50, 1, bench.tools())


def load(bench):
    """800 transactions a second."""
    return _loaded(bench, "load", 800, 5, bench.tools())


def full(bench):
    """As many transactions as the server takes. Doppel alone: does it end?"""
    tools = [tool for tool in bench.tools() if tool.name.startswith("doppel")]
    return _loaded(bench, "full", 0, 5, tools)


def _time_ms(event):
    return datetime.fromisoformat(event["time"].replace("Z", "+00:00")).timestamp() * 1000


def cutover(bench):
    """Twenty swaps of a small table under 800 transactions a second: how long does the application wait?"""
    shape = bench.shapes[0]
    bench.make(shape, 50_000)
    work = bench.folder("cutover")
    application = Application(bench.server, shape.name, 800, work)
    time.sleep(2)
    swaps = []
    try:
        for _ in range(bench.options.swaps):
            result = bench.run(TOOLS["doppel"], shape.name, work, LOAD_TIMEOUT)
            phases = {event["phase"]: _time_ms(event) for event in result["events"] if event["event"] == "phase"}
            summary = next((event for event in result["events"] if event["event"] == "summary"), None)
            if result["exit_code"] == 0 and summary:
                swaps.append({"from_ms": phases["cutting_over"], "to_ms": phases["cleaning"],
                              "locked_ms": summary["cutover_locked_us"] / 1000})
    finally:
        intervals, _ = application.stop()
    for swap in swaps:
        # A stall counts in the second in which it ends.
        near = [i for i in intervals
                if i["time_ms"] > swap["from_ms"] and i["time_ms"] - 1000 < swap["to_ms"] + 200]
        swap["stall_ms"] = max((i["stall_ms"] for i in near), default=None)
        swap["max_ms"] = max((i["latency_us"]["max"] / 1000 for i in near), default=None)
    return [{"scenario": "cutover", "shape": shape.name, "tool": "doppel", "swaps": swaps}]


def long(bench):
    """Ten times the rows: do the last rows cost more than the first?"""
    shape = next(s for s in bench.shapes if s.secondary_indexes is not None)
    bench.make(shape, bench.options.rows * 10)
    bench.server.settle()
    result = bench.run(TOOLS["doppel-noverify"], shape.name, bench.folder("long"), 1800)
    return [{"scenario": "long", "shape": shape.name, "rows": bench.options.rows * 10, **result}]


SCENARIOS = {"idle": idle, "probe": probe, "load": load, "full": full, "cutover": cutover, "long": long}
