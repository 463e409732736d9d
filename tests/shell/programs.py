"""What the programs say of themselves: their verbs and flags from --help, their completions and their manual pages."""

import os
import re
import subprocess

PROGRAMS = ("nmn", "nmn-learner", "nmn-actor")


def run(command):
    """What the command prints on stdout; it must succeed and say nothing else."""
    # No variable of the caller may reach what is printed.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NMN_")}
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    if done.returncode != 0 or done.stderr:
        raise AssertionError(f"{command}: exit code {done.returncode}, said {done.stderr!r}")
    return done.stdout


def completion(binaries, program, shell):
    path = os.path.join(binaries, program)
    return run([path, "completion", shell] if program == "nmn" else [path, f"--completion={shell}"])


def manual(binaries, program):
    return run([os.path.join(binaries, program), "--man"])


class Help:
    """One verb, as --help shows it."""

    def __init__(self, text):
        sections = dict(re.findall(r"^(\S[^\n]*):\n((?:  [^\n]*\n|\n(?!\S))*)", text + "\n", re.MULTILINE))
        # "  --help, -h     Print ..", "  --task, --benchmark=TASK"
        heads = re.findall(r"^  (-[\w-]+(?:, -[\w-]+)*)", "\n".join(sections.values()), re.MULTILINE)  # flags may be in groups
        self.flags = {name for head in heads for name in head.split(", ")}
        self.verbs = re.findall(r"^  ([a-z][a-z0-9]*) ", sections.get("Verbs", ""), re.MULTILINE)


def all_help(binaries):
    """{"nmn sweep status": Help}, of every program and every verb."""
    found = {}

    def look(words):
        help_ = Help(run([os.path.join(binaries, words[0]), *words[1:], "--help"]))
        found[" ".join(words)] = help_
        for verb in help_.verbs:
            look([*words, verb])

    for program in PROGRAMS:
        look([program])
    # What it reads must be there, so that a changed form of --help is no empty success.
    assert {"train", "sweep", "completion"} <= set(found["nmn"].verbs), found["nmn"].verbs
    assert {"--task", "--benchmark", "--set", "-h", "--help"} <= found["nmn train"].flags, found["nmn train"].flags
    assert "nmn sweep status" in found and "nmn task check" in found, sorted(found)
    assert "--learner" in found["nmn-actor"].flags and "--config" in found["nmn-learner"].flags
    return found
