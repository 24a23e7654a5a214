# SPDX-License-Identifier: Apache-2.0
"""The tables that are altered. Each keeps its definition, so one can be altered again and again."""

import os
import subprocess
from dataclasses import dataclass
from typing import Optional

from server import ROOT, SCHEMA

# A thousand numbers; squared they make a million.
NUMBERS = f"""CREATE TABLE IF NOT EXISTS {SCHEMA}.n (n INT PRIMARY KEY) AS
WITH RECURSIVE c AS (SELECT 0 AS n UNION ALL SELECT n + 1 FROM c WHERE n < 999) SELECT n FROM c"""
ROWS_AT_ONCE = 100_000


@dataclass(frozen=True)
class Shape:
    name: str
    about: str
    secondary_indexes: Optional[int] = None  # of sysbench's table
    create: str = ""
    select: str = ""  # columns from the row's number i

    def make(self, server, rows):
        if self.secondary_indexes is not None:
            subprocess.run(
                [os.path.join(ROOT, "build/release/load"), "prepare", f"--host={server.host}", f"--port={server.port}",
                 f"--user={server.user}", f"--database={SCHEMA}", f"--table={self.name}", f"--rows={rows}",
                 f"--secondary-indexes={self.secondary_indexes}", "--replace"],
                env={**os.environ, "MYSQL_PWD": server.password}, stdout=subprocess.DEVNULL, check=True)
        else:
            server.sql(NUMBERS)
            server.sql(f"DROP TABLE IF EXISTS {SCHEMA}.{self.name}; {self.create.format(table=f'{SCHEMA}.{self.name}')}")
            for begin in range(0, rows, ROWS_AT_ONCE):
                number = f"{begin} + a.n * 1000 + b.n"
                server.sql(
                    f"INSERT INTO {SCHEMA}.{self.name} SELECT {self.select} FROM (SELECT {number} AS i "
                    f"FROM {SCHEMA}.n a JOIN {SCHEMA}.n b WHERE a.n < {ROWS_AT_ONCE // 1000}) numbers "
                    f"WHERE i < {rows} ORDER BY i")
        server.sql(f"ANALYZE TABLE {SCHEMA}.{self.name}")


SHAPES = {shape.name: shape for shape in (
    Shape("one_index", "sysbench's table (about 190 bytes a row), one secondary index", secondary_indexes=1),
    Shape("four_indexes", "the same with four", secondary_indexes=4),
    Shape("narrow", "INT key and INT: 30 bytes a row",
          create="CREATE TABLE {table} (id INT PRIMARY KEY, v INT NOT NULL)",
          select="i, i % 1000"),
    Shape("wide", "BIGINT key, twenty columns, about 1 KB a row, one secondary index",
          create="CREATE TABLE {table} (id BIGINT PRIMARY KEY, "
                 + ", ".join(f"i{k} INT NOT NULL" for k in range(10)) + ", "
                 + ", ".join(f"s{k} VARCHAR(200) NOT NULL" for k in range(10)) + ", KEY (i0))",
          select="i, " + ", ".join(f"i % {97 + k}" for k in range(10)) + ", "
                 + ", ".join(f"RPAD(i, {80 + 4 * k}, 'text of column {k} ')" for k in range(10))),
    Shape("composite", "key (INT, VARCHAR) with a collation, one secondary index",
          create="CREATE TABLE {table} (tenant INT NOT NULL, code VARCHAR(40) NOT NULL, amount DECIMAL(12,2) NOT NULL, "
                 "note VARCHAR(100) NOT NULL, PRIMARY KEY (tenant, code), KEY (amount))",
          select="i % 1000, CONCAT('order-', LPAD(i, 12, '0')), i / 7, RPAD('note', 60, i)"),
    Shape("uuid", "key BINARY(16) of random UUIDs, one secondary index",
          create="CREATE TABLE {table} (id BINARY(16) PRIMARY KEY, created DATETIME NOT NULL, "
                 "payload VARCHAR(200) NOT NULL, KEY (created))",
          select="UNHEX(MD5_OF(i)), '2026-01-01' + INTERVAL i SECOND, RPAD('payload', 120, i)"
                 .replace("MD5_OF(i)", "LEFT(SHA2(i, 256), 32)")),
)}
