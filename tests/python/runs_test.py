#!/usr/bin/env python3
"""runs_test.py BIN [pandas]: what python/ reads of the run directories and sweeps that the program in BIN writes, beside
what csv and json read. With `pandas` tables are data frames, without it columns of numpy, whether pandas is there or not."""

import csv
import json
import os
import re
import shutil
import sys
import unittest
import warnings
from pathlib import Path

from support import ROOT, TINY, TINY_OWN, Case, main, need, nmn, sets, train

FRAMES = "pandas" in sys.argv[2:]
need("numpy", *(["pandas"] if FRAMES else []))
if not FRAMES:
    sys.modules["pandas"] = None  # an import of it fails
# pylint: disable=wrong-import-position
import numpy as np

import nmn as package
from nmn import tables
from nmn.config import Config


def fields(record, prefix=""):
    """{"a": {"b": 1}} -> {"a.b": 1}"""
    for name, value in record.items():
        if isinstance(value, dict):
            yield from fields(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


class Reading(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.run_path = train(os.path.join(cls.folder, "run"), "--task_python=tasks:Thrice", "--python=/usr/bin/python3",
                             "--updates=4", "--event_log", tiny=[*TINY_OWN, "eval.every_updates=3", "eval.episodes=4"])

    def copy(self, name):
        return Path(shutil.copytree(self.run_path, self.place(name)))

    def expect_column(self, column, cells):
        """Numbers, with NaN for what is null or empty; texts as they are."""
        self.assertEqual(len(column), len(cells))
        for here, there in zip(column, cells):
            if there in (None, ""):
                self.assertTrue(here is None or np.isnan(here), here)
            elif isinstance(there, str) and not isinstance(here, str):
                self.assertEqual(float(here), float(there))
            else:
                self.assertEqual(here, there)

    def test_tables_are_of_the_kind_that_is_there(self):
        table = package.Run(self.run_path).metrics()
        if FRAMES:
            import pandas
            self.assertIsInstance(table, pandas.DataFrame)
        else:
            self.assertIsInstance(table, dict)
            self.assertTrue(all(isinstance(column, np.ndarray) for column in table.values()))

    def test_metrics_are_those_of_the_file(self):
        table = package.Run(self.run_path).metrics()
        with open(os.path.join(self.run_path, "metrics.jsonl"), encoding="utf-8") as file:
            rows = [dict(fields(json.loads(line))) for line in file]
        self.assertEqual(set(table), {name for row in rows for name in row})
        for name in table:
            self.expect_column(table[name], [row.get(name) for row in rows])
        self.assertEqual(table["update"].tolist(), [1, 2, 3, 4])
        self.assertEqual([str(table[name].dtype) for name in ("update", "kl", "reverted")], ["int64", "float64", "bool"])
        self.assertEqual(np.isnan(np.asarray(table["evaluation.return_mean"])).tolist(), [True, True, False, True])
        self.assertIn("trials.1.return_mean", table)

    def test_episodes_are_those_of_the_file(self):
        run = self.copy("empty-cells")
        lines = (run / "episodes.csv").read_text().splitlines()
        # Trials that an episode has not had, beside one another and at the end of the row.
        cells = lines[2].split(",")
        lines[2] = ",".join(cells[:-3] + ["", "", ""])
        (run / "episodes.csv").write_text("\n".join(lines) + "\n")
        table = package.Run(run).episodes()
        rows = list(csv.DictReader(lines))
        self.assertEqual(list(table), list(rows[0]))
        self.assertEqual(len(rows), 48)
        for name in table:
            self.expect_column(table[name], [row[name] for row in rows])
        self.assertEqual([str(table[name].dtype) for name in ("update", "episode", "return")], ["int64", "int64", "float64"])

    def test_every_field_of_the_page_has_its_name(self):
        run = package.Run(self.run_path)
        page = Path(ROOT, "docs", "run_files.md").read_text(encoding="utf-8")
        for heading, names in (("metrics.jsonl", set(run.metrics())), ("episodes.csv", set(run.episodes())),
                               ("summary.json", set(package.summaries(run)))):
            rows = re.findall(r"^\| `([a-z_0-9.]+)` \|", page.split(f"## {heading}\n")[1].split("\n#")[0], re.MULTILINE)
            # Fields that only runs from old weights, of choices or with a better evaluation have.
            named = {row for row in rows if not row.startswith(("init.", "best_evaluation."))}
            self.assertLessEqual(named, names, heading)

    def test_a_line_that_is_being_written_is_left_out(self):
        run = self.copy("growing")
        for name in ("metrics.jsonl", "episodes.csv"):
            with open(run / name, "a", encoding="utf-8") as file:
                file.write('{"update": 5, "wall' if name == "metrics.jsonl" else "5,0,1.")
        self.assertEqual(list(package.Run(run).metrics()["update"]), [1, 2, 3, 4])
        self.assertEqual(max(package.Run(run).episodes()["update"]), 4)

    def test_summary_config_and_events(self):
        run = package.Run(self.run_path)
        self.assertEqual(run.name, "run")
        self.assertTrue(run.summary["complete"])
        self.assertTrue(run.has_stopped)
        self.assertEqual(run.config["ppo.episodes_per_update"], 12)
        self.assertEqual(run.config["benchmark"], "tasks.Thrice")
        self.assertEqual(run.config["task.observation_size"], 3)
        self.assertEqual(run.config.numbers("network.recurrent_sizes"), [8])
        self.assertRaises(KeyError, lambda: run.config["ppo.nothing"])
        self.assertEqual(run.checkpoints, [0, 2, 4])
        self.assertEqual(run.policy(2).update, 2)
        self.assertEqual(list(run.events()["event"]).count("update_done"), 4)

    def test_what_is_not_there_yet_is_said(self):
        error = lambda act: self.refusal(package.NotARun, act)
        run = self.copy("goes-on")
        os.remove(run / "summary.json")
        os.remove(run / "events.jsonl")
        self.assertIn("the run has not stopped yet", error(lambda: package.Run(run).summary))
        self.assertIn("it is written with --event_log", error(package.Run(run).events))
        self.assertEqual(list(package.summaries(run)["run"]), ["goes-on"])
        both = package.summaries([self.run_path, run])
        self.assertEqual([str(value) for value in both["updates"]], ["4.0", "nan"])
        self.assertEqual([value in (None, "") or value != value for value in both["ended_by"]], [False, True])

    def test_a_field_that_is_misspelt_is_warned_of(self):
        with self.assertWarnsRegex(UserWarning, "no run says ppo.discont in its config; did you mean ppo.discount[?]"):
            package.metrics([self.run_path], ["ppo.discont"])
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            package.metrics([self.run_path], ["ppo.discount", "normalize.reward"])

    def test_a_damaged_file_is_named_with_its_line(self):
        error = lambda act: self.refusal(package.Damaged, act)
        run = self.copy("damaged")
        text = (run / "metrics.jsonl").read_text().splitlines()
        (run / "metrics.jsonl").write_text("\n".join([text[0], text[1][:30], text[2]]) + "\n")
        self.assertIn("metrics.jsonl:2 is no JSON object: ", error(package.Run(run).metrics))
        (run / "episodes.csv").write_text("1,0,2.5,3.5\n")
        self.assertIn("episodes.csv has no header", error(package.Run(run).episodes))
        (run / "summary.json").write_text("{")
        self.assertIn("summary.json: ", error(lambda: package.Run(run).summary))
        (run / "config.textproto").write_text('benchmark: "b1"\nppo { discount 0.9')
        self.assertIn("config.textproto:2: the end stands where", error(lambda: package.Run(run).config))


class Sweeps(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.path = os.path.join(cls.folder, "sweep")
        nmn("sweep", cls.path, "--benchmark=b1", "--preset=reference", "--arch=nmn,rnn", "--seeds=18446744073709551615",
            "--jobs=2", "--updates=1", "--grid=ppo.trace_decay=0.9,0.95", *sets(TINY))

    def test_a_sweep_has_a_row_a_run_and_a_column_a_field(self):
        sweep = package.Sweep(self.path)
        self.assertEqual(len(sweep.names), 4)
        self.assertEqual(sweep.fields, ["ppo.trace_decay"])
        table = sweep.summaries()
        self.assertEqual(list(table["run"]), sweep.names)
        self.assertEqual(set(zip(table["arch"], table["ppo.trace_decay"])),
                         {(arch, value) for arch in ("nmn", "rnn") for value in (0.9, 0.95)})
        self.assertEqual([int(seed) for seed in table["seed"]], [2**64 - 1] * 4)
        self.assertTrue(all(table["complete"]))
        hashes = [json.loads(Path(self.path, name, "summary.json").read_text())["weights_sha256"] for name in sweep.names]
        self.assertEqual(list(table["weights_sha256"]), hashes)
        self.assertEqual(len(set(hashes)), 4)
        episodes, metrics = sweep.episodes(), sweep.metrics()
        self.assertEqual([len(episodes["return"]), len(metrics["kl"])], [4 * 12, 4])
        self.assertEqual(list(metrics["run"]), sweep.names)
        one = package.Run(os.path.join(self.path, sweep.names[3])).episodes()["return"]
        self.assertEqual(list(np.asarray(episodes["return"])[3 * 12:]), list(one))

    def test_runs_of_a_folder_and_of_different_tasks_stand_in_one_table(self):
        runs = package.find_runs(self.path)
        self.assertEqual(len(runs), 4)
        self.assertEqual(len(package.summaries(self.path)["run"]), 4)
        other = Path(shutil.copytree(runs[0].path, self.place("other")))
        rows = (other / "episodes.csv").read_text()
        (other / "episodes.csv").write_text(rows.replace("distance", "hits", 1))
        table = package.episodes([other, runs[1]], ["ppo.discount"])
        self.assertEqual(list(dict.fromkeys(table["run"])), ["other", runs[1].name])
        self.assertEqual(np.isnan(np.asarray(table["distance"])).tolist(), [True] * 12 + [False] * 12)
        self.assertEqual(len(set(table["ppo.discount"])), 1)

    def test_a_run_that_has_not_begun_is_left_out(self):
        sweep = Path(shutil.copytree(self.path, self.place("begun")))
        names = package.Sweep(sweep).names
        shutil.rmtree(sweep / names[1])
        self.assertEqual([run.name for run in package.Sweep(sweep).runs], [names[0], *names[2:]])

    def test_a_run_without_an_update_is_left_out_with_a_warning(self):
        sweep = Path(shutil.copytree(self.path, self.place("going-on")))
        runs = package.Sweep(sweep).runs
        whole = len(package.Sweep(sweep).metrics()["update"])
        for name in ("metrics.jsonl", "episodes.csv"):
            os.remove(runs[0].path / name)
        for read in (package.Sweep(sweep).metrics, package.Sweep(sweep).episodes, lambda: package.metrics(sweep)):
            with self.assertWarnsRegex(UserWarning, f"left out, because they have completed no update: .*{runs[0].name}"):
                table = read()
        self.assertEqual(len(table["update"]), whole - len(package.Sweep(self.path).runs[0].metrics()["update"]))
        self.assertIn("the run has completed no update", self.refusal(package.NotARun, lambda: package.metrics(runs[0])))
        for run in runs[1:]:
            os.remove(run.path / "metrics.jsonl")
        self.assertIn("none of these runs has completed an update", self.refusal(package.NotARun, lambda: package.metrics(runs)))
        for run in runs:
            shutil.rmtree(run.path)
        self.assertIn("has begun; nmn sweep ", self.refusal(package.NotARun, package.Sweep(sweep).summaries))

    def test_what_is_no_run_or_no_sweep_is_said(self):
        error = lambda act: self.refusal(package.NotARun, act)
        os.makedirs(self.place("folder"))
        self.assertIn("there is no run directory", error(lambda: package.Run(self.place("nothing"))))
        self.assertIn("is no run directory: it has no config.textproto", error(lambda: package.Run(self.place("folder"))))
        holder = Path(self.place("holder"))
        for name in ("b", "a"):
            shutil.copytree(package.Sweep(self.path).runs[0].path, holder / name)
            said = error(lambda: package.Run(holder))
            if name == "b":
                self.assertTrue(said.endswith(f"config.textproto. It holds the run b: nmn.Run({str(holder / 'b')!r}) reads it, and "
                                              "nmn.summaries, nmn.metrics and nmn.episodes take the folder"), said)
        self.assertIn(f"It holds 2 runs: nmn.find_runs({str(holder)!r}) lists them, and ", said)
        self.assertEqual([run.name for run in package.find_runs(holder)], ["a", "b"])
        self.assertIn("is a sweep: nmn.Sweep reads it", error(lambda: package.Run(self.path)))
        self.assertIn("is no sweep: nmn.Run reads it", error(lambda: package.Sweep(package.Sweep(self.path).runs[0].path)))
        self.assertIn("there is no sweep", error(lambda: package.Sweep(self.place("nothing"))))
        self.assertIn("there is no run directory in", error(lambda: package.summaries(self.place("folder"))))
        sweep = Path(shutil.copytree(self.path, self.place("newer")))
        (sweep / "sweep.json").write_text('{"format": 99}')
        self.assertIn("its format is 99; this package reads up to", self.refusal(package.Damaged, lambda: package.Sweep(sweep).fields))


class Columns(unittest.TestCase):
    def test_what_stands_below_one_another_keeps_its_numbers(self):
        parts = [tables.labelled({"seed": seed, "run": name}, {"x": np.array([x, x])})
                 for seed, name, x in ((1, "a", 1), (2**64 - 1, "b", 2.5))]
        stacked = tables.stack([*parts, {"run": np.array(["c"], object)}])
        self.assertEqual(stacked["run"].tolist(), ["a", "a", "b", "b", "c"])
        self.assertEqual(tables.stack(parts)["seed"].tolist(), [1, 1, 2**64 - 1, 2**64 - 1])
        self.assertEqual(stacked["x"][:4].tolist(), [1, 1, 2.5, 2.5])
        self.assertTrue(np.isnan(stacked["x"][4]))

    def test_kinds(self):
        kinds = [str(tables.column(values).dtype) for values in ([True, False], [1, 2], [2**63, 1], [1, None], [1, 2.5], ["a", None])]
        self.assertEqual(kinds, ["bool", "int64", "uint64", "float64", "float64", "object"])


class Texts(unittest.TestCase):
    """Config files, as people may write them."""

    def test_comments_lists_and_messages(self):
        config = Config.parse("""\ufeff# a comment
            benchmark: 'b1'  # another
            env { horizon: 60 switch_steps: [1, 2] switch_steps: 3, tasks: -8.5 tasks: 8e0 }
            task: < action { box { low: -inf high: inf } } >;
            init: "a\\303\\251\\n\\"" "b"
            """, "here")
        self.assertEqual(config["benchmark"], "b1")
        self.assertEqual(config["env.switch_steps"], [1, 2, 3])
        self.assertEqual(config["env.tasks"], [-8.5, 8.0])
        self.assertEqual(config["task.action.box"], {"low": -np.inf, "high": np.inf})
        self.assertEqual(config["init"], 'a\u00e9\n"b')
        self.assertEqual(config.number("ppo.discount"), 0)

    def test_errors_have_the_line(self):
        for text, message in (("a: 1\nb:", "here:2: the end stands where a value must be"),
                              ("a: 1\n2", "here:2: 2 stands where the name of a field must be"),
                              ("a: [1\n 2]", "here:2: 2 stands where a comma or ] must be"),
                              ("a {", "here:1: the end stands where the name of a field must be"),
                              ("a: 1\n\nb: $", "here:3: '$' stands where no textproto has it")):
            with self.assertRaises(package.Damaged) as caught:
                Config.parse(text, "here")
            self.assertEqual(str(caught.exception), message)


if __name__ == "__main__":
    # What a table is made of is the same for all of them: with pandas one run is enough.
    sys.argv = [word.replace("pandas", "Reading") for word in sys.argv]
    main()
