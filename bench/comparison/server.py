# SPDX-License-Identifier: Apache-2.0
"""The sandbox's server: statements, sizes, and an equal start for every measurement."""

import os
import subprocess
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SCHEMA = "bench"


class Server:
    """The server whose address test/integration/with_sandbox left in the environment."""

    def __init__(self):
        self.host = os.environ["DOPPEL_HOST"]
        self.port = os.environ["DOPPEL_PORT"]
        self.user = os.environ["DOPPEL_USER"]
        self.password = os.environ["DOPPEL_PASSWORD"]
        self.socket = os.environ["DOPPEL_SOCKET"]
        self.name = os.environ["DOPPEL_SANDBOX_NAME"]
        self.pid = os.environ["DOPPEL_PRIMARY_PID"]

    def sql(self, statement, timeout=1800):
        """Rows as lists of strings; raises CalledProcessError with the client's words."""
        command = [os.path.join(ROOT, "tools/sandbox"), "sql", "--name", self.name, "-N", "-B", "-e", statement]
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{statement[:200]}: {done.stderr.strip()}")
        return [line.split("\t") for line in done.stdout.splitlines()]

    def value(self, statement):
        return self.sql(statement)[0][0]

    def create_schema(self):
        self.sql(f"CREATE DATABASE IF NOT EXISTS {SCHEMA}")

    def file_bytes(self, table):
        """Of the table's file, with all its indexes."""
        return int(self.value(
            "SELECT FILE_SIZE FROM information_schema.INNODB_TABLESPACES "
            f"WHERE NAME = '{SCHEMA}/{table}'"))

    def definition(self, table):
        return self.sql(f"SHOW CREATE TABLE {SCHEMA}.{table}")[0][1]

    def remove_leftovers(self, table):
        """What the tools leave beside the table, whether they ended well or not."""
        self.sql("; ".join(
            f"DROP TRIGGER IF EXISTS {SCHEMA}.pt_osc_{SCHEMA}_{table}_{event}" for event in ("ins", "upd", "del")))
        for (name,) in self.sql(
                "SELECT TABLE_NAME FROM information_schema.TABLES "
                f"WHERE TABLE_SCHEMA = '{SCHEMA}' AND TABLE_NAME LIKE '\\_{table}\\_%'"):
            self.sql(f"DROP TABLE {SCHEMA}.`{name}`")
        self.sql(f"DROP TABLE IF EXISTS {SCHEMA}._spirit_sentinel, {SCHEMA}._spirit_checkpoint")

    def settle(self):
        """Nothing to purge and nothing to write back, so that no measurement pays for the one before it."""
        self.sql("PURGE BINARY LOGS BEFORE NOW() - INTERVAL 1 SECOND")
        self.sql("SET GLOBAL innodb_max_dirty_pages_pct = 0")
        end = time.monotonic() + 30
        while time.monotonic() < end:
            dirty = int(self.value("SELECT VARIABLE_VALUE FROM performance_schema.global_status "
                                   "WHERE VARIABLE_NAME = 'Innodb_buffer_pool_pages_dirty'"))
            if dirty < 200:
                break
            time.sleep(0.2)
        self.sql("SET GLOBAL innodb_max_dirty_pages_pct = 90")

    def cpu_seconds(self):
        """User and system time of the server so far."""
        with open(f"/proc/{self.pid}/stat", encoding="utf-8") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def describe(self):
        """What the figures depend on, as pairs."""
        names = ["version", "innodb_buffer_pool_size", "innodb_redo_log_capacity", "sync_binlog",
                 "innodb_flush_log_at_trx_commit", "binlog_format", "binlog_row_image", "innodb_flush_method",
                 "innodb_io_capacity", "innodb_parallel_read_threads", "innodb_ddl_threads"]
        rows = self.sql("SHOW GLOBAL VARIABLES WHERE Variable_name IN ("
                        + ", ".join(f"'{name}'" for name in names) + ")")
        return [tuple(row) for row in rows]
