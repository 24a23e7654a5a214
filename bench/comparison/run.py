# SPDX-License-Identifier: Apache-2.0
"""One tool altering one table, and the application beside it."""

import json
import os
import signal
import subprocess
import threading
import time

from server import ROOT, SCHEMA


def _environment(server):
    return {**os.environ, "MYSQL_PWD": server.password}


def _environment_of(tool, server):
    # pt-online-schema-change goes through the socket as root, who has no password.
    return dict(os.environ) if tool.name == "pt-osc" else _environment(server)


class Application:
    """`load run` on a table: transactions of sysbench's oltp_write_only at a rate, each second's latencies kept."""

    def __init__(self, server, table, rate, work, threads=8):
        self.json_file = os.path.join(work, "load.json")
        command = [os.path.join(ROOT, "build/release/load"), "run", f"--host={server.host}", f"--port={server.port}",
                   f"--user={server.user}", f"--database={SCHEMA}", f"--table={table}", f"--rate={rate}",
                   f"--threads={threads}", "--stats-interval=1s", "--duration=30m", f"--json={self.json_file}"]
        self.process = subprocess.Popen(command, env=_environment(server), stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)

    def stop(self):
        """Each second and the summary, as `load` wrote them."""
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        with open(self.json_file, encoding="utf-8") as lines:
            parsed = [json.loads(line) for line in lines if line.endswith("\n")]
        intervals = [line for line in parsed if line["type"] == "interval"]
        summary = next((line for line in parsed if line["type"] == "summary"), None)
        return intervals, summary


def run_tool(tool, server, table, work, timeout):
    """Wall and CPU seconds and the memory of the tool, its exit code, and its output's folder."""
    log = os.path.join(work, "output")
    with open(log, "wb") as output:
        server_cpu = server.cpu_seconds()
        begin_ms = time.time() * 1000
        begin = time.monotonic()
        process = subprocess.Popen(tool.command(server, table, work), env=_environment_of(tool, server), stdout=output,
                                   stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True)
        late = threading.Timer(timeout, lambda: os.killpg(process.pid, signal.SIGKILL))
        late.start()
        _, status, usage = os.wait4(process.pid, 0)
        late.cancel()
        seconds = time.monotonic() - begin
        server_cpu = server.cpu_seconds() - server_cpu
    process.returncode = os.waitstatus_to_exitcode(status)
    with open(log, encoding="utf-8", errors="replace") as output:
        text = output.read()
    return {
        "tool": tool.name, "seconds": seconds, "begin_ms": begin_ms, "end_ms": begin_ms + seconds * 1000,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "server_cpu_seconds": server_cpu, "rss_kb": usage.ru_maxrss, "exit_code": process.returncode,
        "timed_out": seconds >= timeout, "last_words": text.strip().splitlines()[-3:], "output": text,
    }


def doppel_events(output):
    """The JSON lines of a run of Doppel's."""
    events = []
    for line in output.splitlines():
        try:
            events.append(json.loads(line))
        except ValueError:
            continue
    return events
