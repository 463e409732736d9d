#!/usr/bin/env python3
"""Writes the figures of a full run of the fault matrix into docs/reliability.md, and says where they are from.

    tests/fault/figures.py FIGURES..     # files that `make fault` wrote: build/release/fault-figures.txt

A row of that page's matrix gets every line "row N: .." of its N, in the order of the files; a row without a line is an error, as is a line
without a row. Run it on the machine and the commit that the figures are of: it names both.
"""

import datetime
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
COLUMNS = "row, fault, figure, test"


def main(paths):
    figures = {}
    for path in paths:
        for line in pathlib.Path(path).read_text().splitlines():
            match = re.fullmatch(r"row (\w+): (.*)", line)
            if not match:
                sys.exit(f"{path}: not a figure: {line}")
            figures.setdefault(match[1], []).append(match[2])
    before, table, after = re.split(f"{BEGIN}\n|{END}\n", PAGE.read_text())
    lines = [line for line in table.splitlines() if line.startswith("|")]
    for index, line in enumerate(lines[2:], start=2):
        cells = line.split(" | ")
        row = re.fullmatch(r'\| <a id="row-(\w+)"></a>\1', cells[0])
        if len(cells) != 4 or not row:
            sys.exit(f"docs/reliability.md: not a line of {COLUMNS}: {line}")
        if row[1] not in figures:
            sys.exit(f"no figure of row {row[1]}")
        cells[2] = "; ".join(figures.pop(row[1])).replace("|", "\\|")
        lines[index] = " | ".join(cells)
    if figures:
        sys.exit(f"no line in docs/reliability.md for row {', '.join(figures)}")
    run = lambda *command: subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout.strip()
    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())[1]
    origin = (
        f"*Figures of `make fault` at commit {run('git', 'rev-parse', '--short', 'HEAD')}, "
        f"{datetime.date.today()}, {run('nproc')} cores, {cpu}.*"
    )
    PAGE.write_text(before + BEGIN + "\n" + "\n".join([origin, "", *lines]) + "\n" + END + "\n" + after)


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    main(sys.argv[1:])
