"""Measures memory and the time from start to ready: of the all-in-one on SQLite, and of each process of a split installation on PostgreSQL.
measure.py PERENNIAL [POSTGRES_URL], on an empty database; prints the rows of the table in `k8s/README.md`. Linux only."""

import base64
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from load import KEY, free_port, load

SERVICES = ["customer", "metering", "catalog", "entitlement", "billing", "subscription", "notification"]
STARTS = 3
LOAD_SECONDS = 60
SETTLE_SECONDS = 5


def memory(process: subprocess.Popen, field: str) -> int:
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return round(int(line.split()[1]) / 1024)
    raise SystemExit(f"no {field}")


def start(command: list[str], http: int, folder: str) -> tuple[subprocess.Popen, float]:
    """The process, and how long it took until it was ready."""
    begun = time.monotonic()
    with open(f"{folder}/log", "a", encoding="utf-8") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    while time.monotonic() - begun < 60 and process.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{http}/readyz", timeout=1).close()
            return process, time.monotonic() - begun
        except OSError:
            time.sleep(0.005)
    raise SystemExit(f"{command} was not ready:\n{Path(folder, 'log').read_text()[-2000:]}")


def stop(process: subprocess.Popen) -> None:
    process.terminate()
    process.wait()


def measure(commands: dict[str, tuple[list[str], int]], folder: str) -> None:
    """Starts each part some times, the last time for good, and prints what it took, before a load and at its highest in it."""
    running, quickest = {}, {}
    try:
        for name, (command, http) in commands.items():
            # The first start makes the schema.
            times = []
            for _ in range(STARTS + 1):
                if name in running:
                    stop(running.pop(name))
                running[name], took = start(command, http, folder)
                times.append(took)
            quickest[name] = min(times[1:])
        time.sleep(SETTLE_SECONDS)
        rest = {name: memory(process, "VmRSS") for name, process in running.items()}
        gateway = list(commands.values())[-1][1]
        load(f"http://127.0.0.1:{gateway}/api/v1", LOAD_SECONDS)
        for name, process in running.items():
            print(f"| {name} | {rest[name]} | {memory(process, 'VmHWM')} | {quickest[name]:.2f} |")
    finally:
        for process in running.values():
            stop(process)


def main() -> None:
    perennial, *database = sys.argv[1:]
    os.environ["PERENNIAL_MASTER_KEY"] = base64.b64encode(bytes(32)).decode()
    ports = {name: (free_port(), free_port()) for name in [*SERVICES, "gateway", "all-in-one"]}
    with tempfile.TemporaryDirectory() as folder:

        def serve(name: str, *more: str) -> tuple[list[str], int]:
            http, grpc = ports[name]
            places = [f"--http=127.0.0.1:{http}", f"--grpc=127.0.0.1:{grpc}", f"--data-dir={folder}"]
            return [perennial, "serve", *places, f"--bootstrap-key={KEY}", *more], http

        measure({"all-in-one": serve("all-in-one")}, folder)
        if not database:
            return
        split = {}
        for name in [*SERVICES, "gateway"]:
            others = [f"--{other}-url=127.0.0.1:{ports[other][1]}" for other in SERVICES if other != name]
            split[name] = serve(name, f"--database-url={database[0]}", *others)
            split[name][0].insert(2, name)
        measure(split, folder)


main()
