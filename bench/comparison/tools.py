# SPDX-License-Identifier: Apache-2.0
"""What is compared, and how each is called: all of them rebuild a table as it is (ENGINE=InnoDB)."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import Callable

from server import ROOT, SCHEMA

DOPPEL = os.path.join(ROOT, "build/release/doppel")


@dataclass(frozen=True)
class Tool:
    name: str
    command: Callable  # (server, table, work folder) -> list of arguments
    version: Callable  # () -> text


def _first_line(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except OSError as error:
        return str(error)
    lines = (done.stdout + done.stderr).strip().splitlines()
    return lines[0] if lines else "unknown"


def _doppel(*options):
    def command(server, table, work):
        return [DOPPEL, "alter", "--no-defaults", "--json", "--progress-interval=200ms", f"--host={server.host}",
                f"--port={server.port}", f"--user={server.user}", "--no-native", "--drop-old", *options,
                f"ALTER TABLE {SCHEMA}.{table} ENGINE=InnoDB"]
    return command


def _native(algorithm):
    def command(server, table, work):
        return [os.path.join(ROOT, "tools/sandbox"), "sql", "--name", server.name, "-e",
                f"ALTER TABLE {SCHEMA}.{table} ENGINE=InnoDB, ALGORITHM={algorithm}"]
    return command


def _gh_ost(server, table, work):
    return ["gh-ost", f"--host={server.host}", f"--port={server.port}", f"--user={server.user}",
            f"--password={server.password}", f"--database={SCHEMA}", f"--table={table}", "--alter=ENGINE=InnoDB",
            "--allow-on-master", "--assume-rbr", "--initially-drop-old-table", "--initially-drop-ghost-table",
            "--ok-to-drop-table", f"--serve-socket-file={work}/gh-ost.sock", "--execute"]


def _pt_osc(server, table, work):
    return ["pt-online-schema-change", "--alter", "ENGINE=InnoDB", "--execute", "--recursion-method=none",
            "--no-version-check", "--max-load", "Threads_running=200", "--critical-load", "Threads_running=400",
            f"S={server.socket},u=root,D={SCHEMA},t={table}"]


def _spirit(server, table, work):
    return ["spirit", "migrate", f"--host={server.host}:{server.port}", f"--username={server.user}",
            f"--password={server.password}", f"--database={SCHEMA}", f"--table={table}", "--alter=ENGINE=InnoDB"]


NATIVE = "inplace"
TOOLS = [
    Tool("doppel", _doppel(), lambda: _first_line(DOPPEL, "--version")),
    Tool("doppel-noverify", _doppel("--verify=off"), lambda: _first_line(DOPPEL, "--version")),
    Tool(NATIVE, _native("INPLACE, LOCK=NONE"), lambda: "the server's"),
    Tool("copy", _native("COPY"), lambda: "the server's"),
]
for name, program, command in (("gh-ost", "gh-ost", _gh_ost), ("pt-osc", "pt-online-schema-change", _pt_osc),
                               ("spirit", "spirit", _spirit)):
    if shutil.which(program):
        TOOLS.append(Tool(name, command, lambda program=program: _first_line(program, "--version")))
TOOLS = {tool.name: tool for tool in TOOLS}
