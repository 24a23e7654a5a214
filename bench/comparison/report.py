# SPDX-License-Identifier: Apache-2.0
"""report.md from the measurements: tables by scenario, and the targets with what was reached."""

import statistics

from shapes import SHAPES
from tools import NATIVE


def _table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]) + "\n"


def _of(raw, scenario, **wanted):
    return [r for r in raw["results"] if r["scenario"] == scenario
            and all(r.get(key) == value for key, value in wanted.items())]


def _median(results, key="seconds"):
    values = [r[key] for r in results if r["exit_code"] == 0]
    return statistics.median(values) if values else None


def ratio(raw, shape, tool, base, key="seconds"):
    """Of medians, or nothing."""
    a = _median(_of(raw, "idle", shape=shape, tool=tool), key)
    b = _median(_of(raw, "idle", shape=shape, tool=base), key)
    return a / b if a and b else None


def _number(value, digits=2):
    return "-" if value is None else f"{value:,.{digits}f}"


def _idle(raw):
    text = ""
    for shape in raw["options"]["shapes"]:
        results = _of(raw, "idle", shape=shape)
        if not results:
            continue
        rows = []
        for tool in dict.fromkeys(r["tool"] for r in results):
            mine = [r for r in results if r["tool"] == tool]
            ended = [r["seconds"] for r in mine if r["exit_code"] == 0]
            rows.append([tool, _number(_median(mine)),
                         f"{min(ended):.2f}-{max(ended):.2f}" if ended else f"failed: {mine[0]['last_words'][-1:]}",
                         _number(ratio(raw, shape, tool, NATIVE)), _number(_median(mine, "server_cpu_seconds"), 1),
                         "-" if tool.startswith(("inplace", "copy")) else _number(_median(mine, "cpu_seconds")),
                         "-" if tool.startswith(("inplace", "copy")) else f"{max(r['rss_kb'] for r in mine) / 1024:,.0f}",
                         _number(ratio(raw, shape, tool, NATIVE, "file_bytes"), 3)])
        text += f"\n### Idle: `{shape}`\n\n{SHAPES[shape].about}; {raw['options']['rows']:,} rows.\n\n"
        text += _table(["tool", "s, median", "s, range", "to in place", "CPU s of the server", "CPU s of the tool", "RSS MB", "size to in place"],
                       sorted(rows, key=lambda row: row[1] == "-" and 1e9 or float(row[1].replace(",", ""))))
    return text


def _beside(raw, scenario, title, plots):
    results = _of(raw, scenario)
    if not results:
        return ""
    rows = []
    for r in results:
        w = r["worst"] or {}
        rows.append([r["tool"], f"{r['seconds']:.1f}" if r["exit_code"] == 0 else
                     "not ended" if r["timed_out"] else "failed",
                     _number(w.get("tps_median"), 0), _number(w.get("tps_least"), 0),
                     _number((r["application"] or {}).get("latency_us", {}).get("p99", 0) / 1000, 1),
                     _number(w.get("p99_ms_worst"), 0), _number(w.get("max_ms"), 0), w.get("errors")])
    text = f"\n### {title}\n\n"
    if scenario in plots:
        text += f"![latency through the run]({plots[scenario]})\n\n"
    return text + _table(["beside it", "s", "tx/s, median second", "tx/s, worst second", "p99 ms, whole run",
                          "p99 ms, worst second", "longest ms", "errors"], rows)


def _cutover(raw):
    results = _of(raw, "cutover")
    swaps = [s for r in results for s in r["swaps"] if s["stall_ms"] is not None]
    if not swaps:
        return ""
    rows = [[name, _number(statistics.median(s[key] for s in swaps), 0), _number(max(s[key] for s in swaps), 0)]
            for name, key in (("nobody's transaction ended for", "stall_ms"), ("table locked for", "locked_ms"),
                              ("longest transaction beside it", "max_ms"))]
    return f"\n### {len(swaps)} swaps under 800 transactions a second, ms\n\n" + _table(["", "median", "worst"], rows)


def cost_growth(run):
    """Time per row in the last fifth of the copy, to that in its second fifth (the first has the start in it)."""
    points = [(e["elapsed_ms"], e["rows_copied"]) for e in run.get("events", [])
              if e["event"] == "progress" and e["phase"] == "copying"]
    if len(points) < 20:
        return None
    last = points[-1][1]

    def rate(low, high):
        part = [p for p in points if low * last <= p[1] <= high * last]
        return (part[-1][0] - part[0][0]) / max(part[-1][1] - part[0][1], 1)

    return rate(0.8, 1.0) / rate(0.2, 0.4)


def _long(raw):
    text = ""
    for r in _of(raw, "long"):
        text += (f"\n### {r['rows']:,} rows\n\n{r['seconds']:.1f} s, {r['rss_kb'] / 1024:.0f} MB resident, "
                 f"CPU {r['cpu_seconds']:.1f} s; a row in the last fifth takes {_number(cost_growth(r))} times as long as one "
                 "in the second.\n")
    return text


def _targets(raw):
    rows = []

    def add(what, target, value, holds, digits=2):
        if value is not None:
            rows.append([what, target, _number(value, digits), "yes" if holds(value) else "**no**"])

    def most(limit):
        return lambda value: value <= limit

    add("idle, without verify, one secondary index, to in place", "at most 1.0",
        ratio(raw, "one_index", "doppel-noverify", NATIVE), most(1.0))
    add("idle, without verify, four secondary indexes, to in place", "at most 0.9",
        ratio(raw, "four_indexes", "doppel-noverify", NATIVE), most(0.9))
    for shape in ("one_index", "four_indexes"):
        add(f"idle, with verify, `{shape}`, to in place", "at most 1.4", ratio(raw, shape, "doppel", NATIVE), most(1.4))
    for peer, least in (("gh-ost", 3), ("pt-osc", 2)):
        add(f"idle, {peer} to Doppel", f"at least {least}", ratio(raw, "one_index", peer, "doppel"),
            lambda value, least=least: value >= least)
    under_load = _median(_of(raw, "load", tool="doppel"))
    quiet = _median(_of(raw, "idle", shape="one_index", tool="doppel"))
    if under_load and quiet:
        add("under 800 tx/s, to idle", "at most 2.5", under_load / quiet, most(2.5))
    for r in _of(raw, "load", tool="doppel"):
        if r["worst"]:
            add("800 tx/s: worst second, tx/s", "at least 700", r["worst"]["tps_least"], lambda v: v >= 700, 0)
            add("800 tx/s: p99 of the worst second, ms", "under 250", r["worst"]["p99_ms_worst"], most(250), 0)
    alone, beside = _of(raw, "probe", tool="nothing"), _of(raw, "probe", tool="doppel")
    if alone and beside and alone[0]["application"] and beside[0]["application"]:
        a, b = alone[0]["application"]["latency_us"], beside[0]["application"]["latency_us"]
        add("50 tx/s: p99 to that without a migration", "at most 2", b["p99"] / a["p99"], most(2))
        add("50 tx/s: longest beyond that without a migration, ms", "at most 50", (b["max"] - a["max"]) / 1000, most(50), 0)
    swaps = [s["stall_ms"] for r in _of(raw, "cutover") for s in r["swaps"] if s["stall_ms"] is not None]
    if swaps:
        add("swap under 800 tx/s, stall, median ms", "under 50", statistics.median(swaps), most(50), 0)
        add(f"the same, worst of {len(swaps)}", "under 150", max(swaps), most(150), 0)
    for r in _of(raw, "full", tool="doppel"):
        rows.append(["ends under the highest load", "always", f"{r['seconds']:.1f} s",
                     "yes" if r["exit_code"] == 0 else "**no**"])
    idle_runs = [r for r in _of(raw, "idle", shape="one_index", tool="doppel-noverify") if r["exit_code"] == 0]
    if idle_runs:
        add("CPU of `doppel`, share of a core, %", "under 5",
            statistics.median(100 * r["cpu_seconds"] / r["seconds"] for r in idle_runs), most(5), 1)
    for r in _of(raw, "long"):
        add(f"resident MB, {r['rows']:,} rows", "under 64", r["rss_kb"] / 1024, most(64), 0)
        growth = cost_growth(r)
        add("cost of a row at the end to one at the beginning", "at most 1.1", growth, most(1.1))
    add("size to that of a native rebuild", "at most 1.05", ratio(raw, "one_index", "doppel", NATIVE, "file_bytes"),
        most(1.05), 3)
    return "\n### Targets\n\n" + _table(["what", "target", "measured", "holds"], rows) if rows else ""


def report(raw, plots):
    m = raw["machine"]
    text = "## Comparison\n\n"
    text += (f"{m['processor']}, {m['cores']} cores, {m['memory_gb']} GB; load average {m['load_average'][0]:.1f} at the "
             f"beginning. Server: " + ", ".join(f"{name}={value}" for name, value in raw["server"]) + ".\n\n")
    text += _table(["tool", "version"], raw["tools"].items())
    text += _targets(raw) + _idle(raw)
    text += _beside(raw, "probe", "Beside 50 transactions a second", plots)
    text += _beside(raw, "load", "Beside 800 transactions a second", plots)
    text += _beside(raw, "full", "Beside as many transactions as the server takes", plots)
    return text + _cutover(raw) + _long(raw)
