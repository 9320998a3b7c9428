#!/usr/bin/env python3
"""Records what MySQL answers to the statements of who_may.sql, as who_may.result beside it.

    record.py PORT

Needs PyMySQL and an account root without password on 127.0.0.1. `-- as USER` says whose session the statements after it are of.
"""
import pathlib
import sys

import pymysql

here = pathlib.Path(__file__).parent
lines, sessions, session = [], {}, None
for statement in (here / "who_may.sql").read_text().splitlines():
    if statement.startswith("-- as "):
        user = statement.removeprefix("-- as ")
        # A new session sees its account's global privileges as they are now.
        session = pymysql.connect(host="127.0.0.1", port=int(sys.argv[1]), user=user, autocommit=True).cursor()
        lines.append(statement)
        continue
    lines.append("> " + statement)
    try:
        session.execute(statement)
        lines += ["\t".join(map(str, row)) for row in session.fetchall()]
    except pymysql.MySQLError as error:
        lines.append(f"ERROR {error.args[0]}: {error.args[1]}")
(here / "who_may.result").write_text("\n".join(lines) + "\n")
