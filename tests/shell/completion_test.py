#!/usr/bin/env python3
"""A real shell completes command lines of nmn, nmn-learner and nmn-actor: it offers every flag of --help and no other, verbs, words, files
and folders. Ends with 77, and says why, where that shell is not installed.

usage: completion_test.py BINARIES bash|zsh|fish
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

import programs
import terminal

# bash and zsh are typed at. What they would insert is shown between these, which no typed text holds.
BEGIN, END = "<\x02", "\x03>"
INSERT_ALL, SHOW = "\x1b*", "\x0f"  # Meta-*, Ctrl-O

BASH = """
PS1= PS2=
bind 'set enable-bracketed-paste off'
bind 'set completion-query-items 0'
show() { printf '<\\002%s\\003>' "$READLINE_LINE"; READLINE_LINE= READLINE_POINT=0; }
bind -x '"\\C-o": show'
for file in completions/*; do source "$file"; done
printf '<\\002ready\\003>'
"""

ZSH = """
PROMPT= RPROMPT=
unset zle_bracketed_paste
setopt no_beep no_prompt_sp
fpath=($PWD/completions $fpath)
autoload -Uz compinit
compinit -u -D
source completions/_nmn-actor
bindkey -e
insert_all() { compstate[insert]=all; compstate[list]=; }
complete_all() { comppostfuncs=(insert_all); _main_complete; }
zle -C complete_all complete-word complete_all
bindkey '\\e*' complete_all
show() { printf '<\\002%s\\003>' "$BUFFER"; BUFFER=; }
zle -N show
bindkey '^O' show
printf '<\\002ready\\003>'
"""

FISH = """
for file in completions/*
    source $file
end
for line in $argv
    printf '%s\\n' (complete -C $line)
    echo
end
"""


class Typed:
    """bash or zsh: completes a line by inserting all that fits."""

    def __init__(self, command, setup, folder):
        self.is_bash = command[0] == "bash"
        environment = {"PATH": "/usr/bin:/bin", "HOME": folder, "TERM": "dumb", "LC_ALL": "C.UTF-8", "INPUTRC": "/dev/null"}
        with open(os.path.join(folder, "setup"), "w", encoding="utf-8") as file:
            file.write(setup)
        self.shell = terminal.Shell(command, environment, folder)
        self.shell.type("source ./setup\n")
        self.shell.until(BEGIN + "ready", END)

    def words(self, line):
        self.shell.type(line + INSERT_ALL + SHOW)
        after = self.shell.until(BEGIN, END)
        if after == line:
            return []
        parts = re.findall(r"(?:\\.|[^\\ ])+", after)[len(line.split(" ")) - 1:]
        # bash inserts only what follows the last = of the word.
        kept = re.match("(.*=)?", line.split(" ")[-1]).group() if self.is_bash else ""
        return parts[:1] + [kept + part for part in parts[1:]]


class Fish:
    def __init__(self, folder):
        self.folder = folder

    def ask(self, lines):
        environment = {"PATH": "/usr/bin:/bin", "HOME": self.folder, "TERM": "dumb", "LC_ALL": "C.UTF-8"}
        done = subprocess.run(["fish", "--no-config", "-c", FISH, *lines], cwd=self.folder, env=environment, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True)
        if done.returncode != 0 or done.stderr:
            raise AssertionError(f"fish: exit code {done.returncode}, said {done.stderr!r}")
        answers = done.stdout.split("\n\n")
        return [[row.split("\t")[0] for row in answer.split("\n") if row] for answer in answers[:len(lines)]]


def normal(word):
    """A candidate, however the shell writes it: without the flag before its value, and without what only follows it (zsh: a comma)."""
    word = re.sub(r"^--\w+=(?=.)", "", word)
    return word.replace("\\ ", " ").replace("\\", "").rstrip("=/, ")


# What a line is completed to: these, and nothing else.
WORDS = {
    "nmn tra": {"train", "trace"},
    "nmn sweep sta": {"status"},
    "nmn task ": {"list", "check"},
    "nmn train --benc": {"--benchmark"},
    "nmn train --task=b": {"b1", "b2", "b3", "bandit"},
    "nmn train --task b": {"b1", "b2", "b3", "bandit"},
    "nmn train --seed 3 --arch=": {"nmn", "rnn"},
    "nmn train --preset=": {"default", "fast", "paper", "reference"},
    "nmn train --seed=": set(),
    "nmn train --set=ppo.clipped_ratio.cl": {"ppo.clipped_ratio.clip"},
    "nmn train --set=env.domain=": {"env.domain=reference", "env.domain=paper"},
    "nmn train --set env.domain=pa": {"env.domain=paper"},
    "nmn eval --policy=or": {"oracle"},
    "nmn eval --set=task.hor": {"task.horizon"},
    "nmn sweep there --arch=nmn,r": {"nmn,rnn"},
    "nmn sweep there --engine=": {"local", "slurm", "kubernetes"},
    "nmn report runs --format svg,p": {"svg,png", "svg,pdf"},
    "nmn report runs --ba": {"--band"},
    # The value of a flag is no verb, and a verb's flags are not its parent's.
    "nmn export --out status --up": {"--update"},
    "nmn sweep status --js": {"--json"},
    "nmn sweep status --see": set(),
    "nmn completion ": {"bash", "zsh", "fish"},
    "nmn-actor --task=win": set(),
    "nmn-actor --log_le": {"--log_level"},
    "nmn-actor --log_level=": {"trace", "debug", "info", "warn", "error", "off"},
    "nmn-learner --device=c": {"cpu", "cuda"},
    "nmn-learner --log_format ": {"auto", "text", "json"},
    # Files, and folders alone.
    "nmn train --config=note": {"notes.textproto"},
    "nmn train --config two": {"two words.textproto"},
    "nmn train --run_dir=r": {"runs"},
    "nmn train --run_dir=n": set(),
    "nmn report ": {"completions", "runs"},
    "nmn report runs/b": {"runs/b1-nmn-fast-s1"},
    "nmn replay runs/b1-nmn-fast-s1/f": {"runs/b1-nmn-fast-s1/failed-update-3.safetensors"},
    "nmn-learner --init_from=runs/b1-nmn-fast-s1/c": {"runs/b1-nmn-fast-s1/checkpoints"},
    "nmn eval --policy=runs/": {"runs/b1-nmn-fast-s1"},
    "nmn status ": set(),
}


def lines_to_try(all_help):
    """{line: what it is completed to}."""
    lines = {}
    for name, help_ in all_help.items():
        lines[f"{name} --"] = {flag for flag in help_.flags if flag.startswith("--")}
        if help_.verbs and name != "nmn sweep":  # which takes a folder too
            lines[f"{name} "] = set(help_.verbs)
    lines["nmn sweep "] = {"status", "completions", "runs"}
    lines.update(WORDS)
    return lines


def make_folder(folder, binaries, shell):
    os.mkdir(os.path.join(folder, "completions"))
    for program in programs.PROGRAMS:
        name = f"_{program}" if shell == "zsh" else program
        with open(os.path.join(folder, "completions", name), "w", encoding="utf-8") as file:
            file.write(programs.completion(binaries, program, shell))
    run = os.path.join(folder, "runs", "b1-nmn-fast-s1")
    os.makedirs(os.path.join(run, "checkpoints"))
    for path in (f"{run}/failed-update-3.safetensors", f"{folder}/notes.textproto", f"{folder}/two words.textproto"):
        with open(path, "w", encoding="utf-8"):
            pass


def answers_of(shell, folder, lines):
    if shell == "fish":
        return dict(zip(lines, Fish(folder).ask(list(lines))))
    command, setup = (["bash", "--norc", "--noprofile", "-i"], BASH) if shell == "bash" else (["zsh", "-f", "-i"], ZSH)
    typed = Typed(command, setup, folder)
    with typed.shell:
        return {line: typed.words(line) for line in lines}


def main():
    binaries, shell = os.path.realpath(sys.argv[1]), sys.argv[2]
    if shutil.which(shell, path="/usr/bin:/bin") is None:
        print(f"\n==== SKIPPED: completion in {shell}: it is not installed (apt-get install {shell}) ====\n")
        return 77
    lines = lines_to_try(programs.all_help(binaries))
    with tempfile.TemporaryDirectory(prefix="nmn-completion-") as folder:
        make_folder(folder, binaries, shell)
        answers = answers_of(shell, folder, lines)
    wrong = 0
    for line, expected in lines.items():
        offered = {normal(word) for word in answers[line]}
        if shell == "fish" and line.endswith(" "):  # it offers flags only after a dash, and says so by nothing
            offered = {word for word in offered if not word.startswith("-")}
        if offered != expected:
            wrong += 1
            print(f"{line!r}: not offered {sorted(expected - offered)}, offered but wrong {sorted(offered - expected)}; raw {answers[line][:12]}",
                  file=sys.stderr)
    print(f"{shell}: {len(lines)} lines, {sum(len(answer) for answer in answers.values())} candidates, {wrong} lines wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
