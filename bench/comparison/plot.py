# SPDX-License-Identifier: Apache-2.0
"""Latency of the application through a migration, one line per tool, as SVG."""

import os

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402  (after the choice of the backend)

TITLES = {"probe": "50 transactions a second", "load": "800 transactions a second",
          "full": "as many transactions as the server takes"}


def plot_latency(raw, folder):
    """Names of the files written, by scenario."""
    plots = {}
    for scenario, title in TITLES.items():
        runs = [r for r in raw["results"] if r["scenario"] == scenario and r["round"] == 0 and r.get("intervals")]
        if not runs:
            continue
        figure, (latency, rate) = plt.subplots(2, 1, figsize=(9, 6), sharex=True, height_ratios=[2, 1])
        for run in runs:
            seconds = [(i["time_ms"] - run["begin_ms"]) / 1000 for i in run["intervals"]]
            ended = "" if run["exit_code"] == 0 else " (not ended)"
            style = {"color": "0.6"} if run["tool"] == "nothing" else {}
            latency.plot(seconds, [i["latency_us"]["p99"] / 1000 for i in run["intervals"]],
                         label=run["tool"] + ended, linewidth=1.3, **style)
            rate.plot(seconds, [i["tps"] for i in run["intervals"]], linewidth=1.3, **style)
        latency.set_yscale("log")
        latency.set_ylabel("p99 of each second, ms")
        latency.set_title(f"The application beside a rebuild: {title}")
        latency.legend(fontsize=8)
        latency.grid(alpha=0.3)
        rate.set_ylabel("transactions/s")
        rate.set_xlabel("seconds since the tool began; each line ends a second after its tool")
        rate.set_ylim(bottom=0)
        rate.grid(alpha=0.3)
        figure.tight_layout()
        name = f"latency-{scenario}.svg"
        figure.savefig(os.path.join(folder, name), metadata={"Date": None})
        plt.close(figure)
        plots[scenario] = name
    return plots
