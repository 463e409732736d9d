#!/usr/bin/env python3
"""The manual pages of the three programs have every verb and flag of --help and no other, in the section of its verb, and groff and mandoc
find nothing to warn of. Ends with 77 where neither is installed.

usage: manual_test.py BINARIES
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

import programs


def plain(roff):
    return re.sub(r"\\f[BIR]", "", roff).replace("\\-", "-").replace("\\e", "\\")


def flags_by_verb(page, program):
    """{"nmn train": {"--task", ..}}: the flags in the entries of each section."""
    found = {}
    verb = program
    for title, name, text in re.findall(r"^\.(SH|SS) ([^\n]*)\n(.*?)(?=^\.S[HS] |\Z)", page, re.MULTILINE | re.DOTALL):
        verb = plain(name) if title == "SS" else program
        entries = re.findall(r"^\.TP\n([^\n]*)", text, re.MULTILINE)
        flags = {name for entry in entries for name in re.findall(r"(?<!\S)--?[\w-]+", plain(entry))}
        found.setdefault(verb, set()).update(flags)
    return found


def warnings_of(page, path):
    """What the two say of a page; nothing of one that is not installed."""
    said = []
    with open(path, "w", encoding="utf-8") as file:
        file.write(page)
    if shutil.which("man") and shutil.which("groff"):
        done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", path], stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True, env={**os.environ, "LC_ALL": "C.UTF-8", "MANROFFSEQ": "", "MANWIDTH": "80"})
        said += [f"man: {line}" for line in done.stderr.splitlines()]
        said += [] if done.returncode == 0 else [f"man: exit code {done.returncode}"]
    if shutil.which("mandoc"):
        done = subprocess.run(["mandoc", "-Tlint", "-Wstyle", path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        said += [f"mandoc: {line}" for line in done.stdout.splitlines() if "STYLE: referenced manual not found" not in line]
    return said


def main():
    binaries = os.path.realpath(sys.argv[1])
    checkers = [name for name in ("groff", "mandoc") if shutil.which(name)]
    problems = []
    help_of = programs.all_help(binaries)
    with tempfile.TemporaryDirectory(prefix="nmn-manual-") as folder:
        for program in programs.PROGRAMS:
            page = programs.manual(binaries, program)
            found = flags_by_verb(page, program)
            for name, help_ in help_of.items():
                if name.split()[0] == program and found.get(name, set()) != help_.flags:
                    problems.append(f"{name}: --help and the page differ by {sorted(help_.flags ^ found.get(name, set()))}")
            path = os.path.join(folder, f"{program}.1")
            problems += [f"{program}.1: {line}" for line in warnings_of(page, path)]
            # What a checker must find, so that one that finds nothing is not taken for a page without faults.
            if checkers and not warnings_of(page.replace(".SH OPTIONS", ".SH OPTIONS\n.NOSUCHMACRO x", 1), path):
                problems.append(f"{program}.1: neither {' nor '.join(checkers)} notices a macro that does not exist")
    print(*problems, sep="\n", file=sys.stderr, end="\n" if problems else "")
    print(f"{len(help_of)} verbs, {sum(len(help_.flags) for help_ in help_of.values())} flags, {len(problems)} problems; "
          f"checked by {' and '.join(checkers) if checkers else 'nobody'}")
    if problems:
        return 1
    if not checkers:
        print("\n==== SKIPPED: no warnings of the manual pages were looked for: neither groff nor mandoc is installed ====\n")
        return 77
    return 0


if __name__ == "__main__":
    sys.exit(main())
