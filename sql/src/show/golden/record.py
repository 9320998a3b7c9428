#!/usr/bin/env python3
"""Records what MySQL answers to the statements of each *.sql here, as *.result beside it.

    record.py HOST PORT USER [FILE.sql ...]

Needs the mariadb client and an account without password. Each file begins in an empty database `show_golden`. A line is a
statement. `show::tests` runs the same statements in this process and compares.
"""
import pathlib
import re
import subprocess
import sys

host, port, user, *files = sys.argv[1:]
client = ["mariadb", "--no-defaults", f"-h{host}", f"-P{port}", f"-u{user}", "--default-character-set=utf8mb4"]
here = pathlib.Path(__file__).parent
for path in [pathlib.Path(file) for file in files] or sorted(here.glob("*.sql")):
    setup = "drop database if exists show_golden; create database show_golden; use show_golden; set names utf8mb4;\n"
    statements = path.read_text().splitlines()
    run = subprocess.run(client + ["-v", "-n", "-f"], input=setup + path.read_text(), text=True,
                         capture_output=True, check=False)
    # Each statement is echoed between two lines of dashes; errors come apart, with the number of the line.
    blocks = re.split(r"^--------------\n(.*?)\n--------------\n\n", run.stdout, flags=re.M | re.S)[1:]
    echoed, answers = blocks[::2][3:], blocks[1::2][3:]
    assert echoed == [statement.removesuffix(";") for statement in statements], path
    for error in re.finditer(r"^(ERROR \d+ \(\w+\)) at line (\d+):(.*)$", run.stderr, flags=re.M):
        answers[int(error[2]) - 2] = error[1] + ":" + error[3]
    text = "".join(f"> {statement}\n{answer}".rstrip("\n") + "\n\n" for statement, answer in zip(echoed, answers))
    path.with_suffix(".result").write_text(text)
    print(path.name, len(echoed), "statements")
subprocess.run(client + ["-e", "drop database if exists show_golden"], check=True)
