# SPDX-License-Identifier: Apache-2.0
"""report.py DIR LIMIT_MS ROWS: of DIR/NAME.tsv (seconds, lag in seconds) and DIR/NAME.json (what the tool took), for each tool,
makes DIR/report.md, DIR/results.json and DIR/lag.svg. Prints the report. Called by bench/run-throttle."""

import json
import os
import sys

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402  (after the choice of the backend)

TOOLS = [("unlimited", "Doppel, `--max-lag=off`"), ("doppel", "Doppel"), ("gh-ost", "gh-ost")]


def samples(path):
    with open(path, encoding="utf-8") as file:
        return [tuple(map(float, line.split())) for line in file if len(line.split()) == 2]


def quantile(values, share):
    return sorted(values)[int(share * (len(values) - 1))] if values else float("nan")


def read(folder, limit):
    results = []
    for name, title in TOOLS:
        path = os.path.join(folder, f"{name}.tsv")
        if not os.path.exists(path):
            continue
        with open(os.path.join(folder, f"{name}.json"), encoding="utf-8") as file:
            run = json.load(file)
        points = samples(path)
        # While it ran; what a replica has still to apply then counts as well.
        lags = [lag for at, lag in points if at >= run["began"]]
        results.append({
            "name": name, "title": title, "exit_code": run["exit_code"], "seconds": run["ended"] - run["began"],
            "began": run["began"], "median_lag": quantile(lags, 0.5), "p99_lag": quantile(lags, 0.99), "highest_lag": max(lags, default=float("nan")),
            "over_limit": sum(lag > limit for lag in lags) / len(lags) if lags else float("nan"), "points": points})
    return results


def report(results, limit, rows):
    lines = [
        f"# Lag of a replica while {rows:,} rows are migrated, limit {limit:g} s", "",
        "One replica with one applier. Doppel and gh-ost have the same limit.", "",
        "| tool | s | lag, median | 99 % | highest | time over the limit |", "|---|---|---|---|---|---|"]
    for r in results:
        took = f"{r['seconds']:.1f}" if r["exit_code"] == 0 else f"not ended in {r['seconds']:.0f} (exit {r['exit_code']})"
        lines.append(f"| {r['title']} | {took} | {r['median_lag']:.2f} s | {r['p99_lag']:.2f} s | {r['highest_lag']:.2f} s | {100 * r['over_limit']:.1f} % |")
    lines += ["", "![lag over time](lag.svg)", "", f"Load average at the end: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores."]
    return "\n".join(lines)


def plot(results, limit, path):
    figure, axes = plt.subplots(figsize=(9, 4.5))
    for r in results:
        axes.plot([at - r["began"] for at, _ in r["points"]], [lag for _, lag in r["points"]], label=r["title"].replace("`", ""), linewidth=1.1)
    axes.axhline(limit, color="0.5", linestyle="--", linewidth=1, label=f"limit {limit:g} s")
    axes.set_yscale("log")
    axes.set_xlabel("seconds since the tool began")
    axes.set_ylabel("lag of the replica, s")
    axes.legend(fontsize=8)
    axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def main():
    folder, limit, rows = sys.argv[1], int(sys.argv[2]) / 1000, int(sys.argv[3])
    results = read(folder, limit)
    plot(results, limit, os.path.join(folder, "lag.svg"))
    text = report(results, limit, rows)
    with open(os.path.join(folder, "report.md"), "w", encoding="utf-8") as file:
        file.write(text + "\n")
    with open(os.path.join(folder, "results.json"), "w", encoding="utf-8") as file:
        json.dump({"limit_seconds": limit, "rows": rows, "results": results}, file)
    print(text)


main()
