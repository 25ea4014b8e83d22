"""Draws a dashboard as it looks over a running installation: an all-in-one under a small load, read by a real Prometheus, which answers every
query of the panels. `cargo xtask dashboards --render` calls it: render.py PERENNIAL DASHBOARD.json PICTURE.png"""

import json
import math
import re
import subprocess
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from load import KEY, ask, free_port, load, wait_for

LOAD_SECONDS = 90
# Prometheus reads every second; Grafana makes the interval of a rate from that, and at least four times as long.
RATE_INTERVAL = "12s"
STEP = 2
UNITS = {"reqps": "req/s", "ops": "/s", "s": "s", "short": ""}
INK, GRID, COLORS = "#d8d9da", "#2c3235", plt.get_cmap("tab20").colors


def figures(prometheus: str, target: dict, start: float, end: float) -> list[tuple[str, list[float], list[float]]]:
    """The lines of a query: what each is called, and its points."""
    query = target["expr"].replace("$__rate_interval", RATE_INTERVAL)
    question = urllib.parse.urlencode({"query": query, "start": start, "end": end, "step": STEP})
    lines = []
    for series in ask(f"{prometheus}/api/v1/query_range?{question}")["data"]["result"]:
        name = target["legendFormat"] or target["refId"]
        name = re.sub(r"{{(\w+)}}", lambda label: series["metric"].get(label[1], "-"), name)
        points = [(float(at) - start, float(value)) for at, value in series["values"]]
        points = [(at, value) for at, value in points if math.isfinite(value)]
        if points:
            lines.append((name, [at for at, _ in points], [value for _, value in points]))
    return sorted(lines, key=lambda line: -line[2][-1])


def shown(value: float, unit: str) -> str:
    if unit == "s" and value < 1:
        return f"{value * 1000:.3g} ms"
    return f"{value:.3g} {UNITS[unit]}".strip()


def draw_panel(axes: plt.Axes, panel: dict, lines: list) -> None:
    defaults = panel["fieldConfig"]["defaults"]
    unit = defaults["unit"]
    axes.set_title(panel["title"], loc="left", fontsize=10, color=INK)
    if not lines:
        axes.text(0.5, 0.5, defaults["noValue"], transform=axes.transAxes, ha="center", color=INK)
        axes.set_axis_off()
        return
    if panel["type"] == "stat":
        text = "\n".join(f"{name} {shown(values[-1], unit)}" if len(lines) > 1 else shown(values[-1], unit) for name, _, values in lines)
        axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", fontsize=22, color="#73bf69")
        axes.set_axis_off()
        return
    for color, (name, times, values) in zip(COLORS, lines):
        axes.plot(times, values, color=color, linewidth=1.2, label=f"{name}   last {shown(values[-1], unit)}   max {shown(max(values), unit)}")
    axes.set_ylim(bottom=0, top=None if any(max(values) for _, _, values in lines) else 1)
    axes.xaxis.set_major_formatter("{x:.0f} s")
    axes.set_ylabel(UNITS[unit], fontsize=8, color=INK)
    axes.tick_params(labelsize=7, colors=INK)
    axes.grid(color=GRID, linewidth=0.6)
    axes.spines[:].set_visible(False)
    axes.legend(loc="upper left", bbox_to_anchor=(0, -0.08), fontsize=6.5, frameon=False, labelcolor=INK)


def draw(dashboard: dict, prometheus: str, start: float, end: float, picture: Path) -> None:
    panels = dashboard["panels"]
    rows = 1 + max(panel["gridPos"]["y"] // panel["gridPos"]["h"] for panel in panels)
    figure, all_axes = plt.subplots(rows, 2, figsize=(13, 3.6 * rows), facecolor="#111217", layout="constrained", squeeze=False)
    figure.suptitle(dashboard["title"], x=0.01, ha="left", fontsize=14, color=INK)
    for axes in all_axes.flat:
        axes.set_facecolor("#181b1f")
        axes.set_axis_off()
    for panel in panels:
        place = panel["gridPos"]
        axes = all_axes[place["y"] // place["h"]][place["x"] // place["w"]]
        axes.set_axis_on()
        lines = [line for target in panel["targets"] for line in figures(prometheus, target, start, end)]
        print(f"{panel['title']}: {len(lines)} lines")
        draw_panel(axes, panel, lines)
    figure.savefig(picture, dpi=80, pil_kwargs={"optimize": True})


def main() -> None:
    perennial, dashboard, picture = sys.argv[1:]
    http, grpc, own = free_port(), free_port(), free_port()
    gateway, prometheus = f"http://127.0.0.1:{http}", f"http://127.0.0.1:{own}"
    with tempfile.TemporaryDirectory() as name:
        folder, running = Path(name), []
        config = {"scrape_configs": [{"job_name": "perennial", "scrape_interval": "1s", "static_configs": [{"targets": [f"127.0.0.1:{http}"]}]}]}
        (folder / "prometheus.yml").write_text(json.dumps(config))
        (folder / "settings.toml").write_text("[subscription]\nrevenue_metrics = true\n")
        serve = [perennial, "serve", f"--data-dir={folder}/data", f"--http=127.0.0.1:{http}", f"--grpc=127.0.0.1:{grpc}"]
        serve += [f"--bootstrap-key={KEY}", f"--config={folder}/settings.toml"]
        read = ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/series", f"--web.listen-address=127.0.0.1:{own}"]
        try:
            for command in (serve, read):
                log = (folder / "log").open("a")
                running.append(subprocess.Popen(command, stdout=log, stderr=log))
            wait_for(f"{gateway}/readyz")
            wait_for(f"{prometheus}/-/ready")
            start = time.time()
            load(f"{gateway}/api/v1", LOAD_SECONDS)
            draw(json.loads(Path(dashboard).read_text()), prometheus, start, time.time(), Path(picture))
        except Exception:
            print((folder / "log").read_text()[-4000:], file=sys.stderr)
            raise
        finally:
            for process in running:
                process.terminate()
                process.wait()


main()
