#!/usr/bin/env python3
"""report_page_test.py BIN OUT: what nmn report --html of BIN writes, opened from its file in a real Chromium. Its curves
are those of learning_curve.csv and its replay is what nmn trace writes. Exit code 77: skipped, nothing to open it
with."""

import csv
import json
import os
import subprocess
import sys
import tempfile
import unittest

import chromium

TINY = ["env.horizon=300", "ppo.kept_steps=200", "ppo.segment_steps=40", "ppo.episodes_per_update=20",
        "ppo.critic.replay_episodes=60", "ppo.policy.epochs=2", "ppo.critic.epochs=2", "work.unit_episodes=4",
        "eval.every_updates=2", "eval.episodes=10"]

READ_TABLE = """
  const figure = document.querySelector("#learning figure");
  const heads = [...figure.querySelectorAll("thead th")].map((cell) => cell.textContent);
  return [...figure.querySelectorAll("tbody tr")].map((row) => Object.fromEntries([...row.children].map((cell, i) => [heads[i],
      cell.querySelector("data") ? cell.querySelector("data").value : cell.textContent])));
"""


def call(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{command}: {done.returncode}: {done.stderr}")
    return done


class ReportPage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        nmn = os.path.join(BIN, "nmn")
        # What a name must not do.
        cls.runs = [os.path.join(cls.folder.name, name) for name in ("<script>alert(1)", "nmn2", "rnn", "rnn2")]
        for run, (arch, seed) in zip(cls.runs, (("nmn", 1), ("nmn", 2), ("rnn", 1), ("rnn", 2))):
            command = [nmn, "train", "--benchmark=b2", "--preset=reference", f"--arch={arch}", "--updates=6", f"--seed={seed}",
                       f"--run_dir={run}", "--no_figure", "--metrics=off"]
            for assignment in TINY:
                command += ["--set", assignment]
            call(*command)
        cls.out = os.path.join(cls.folder.name, "report")
        cls.said = call(nmn, "report", *cls.runs, f"--out={cls.out}", "--html", "--adaptation", "--adaptation_episodes=20", "--format=svg").stderr
        cls.ranged = os.path.join(cls.folder.name, "ranged")
        cls.said_of_range = call(nmn, "report", cls.runs[2], f"--out={cls.ranged}", "--html", "--no_figures", "--y_range=-50:4000").stderr
        trace = os.path.join(cls.folder.name, "trace.csv")
        call(nmn, "trace", f"--policy={cls.runs[0]}", "--episodes=3", f"--out={trace}")
        with open(trace, encoding="utf-8", newline="") as file:
            cls.steps = list(csv.DictReader(file))

        profile = tempfile.TemporaryDirectory()
        cls.addClassCleanup(profile.cleanup)
        cls.browser = chromium.Chromium(profile.name)
        cls.addClassCleanup(cls.browser.driver.quit)

    def open(self, out):
        self.address = "file://" + os.path.join(out, "report.html")
        self.browser.driver.get(self.address)

    def checkNothingElseWasAskedFor(self):
        self.assertEqual(self.browser.console(), [])
        for url in self.browser.requests():  # "chrome:" is the page that Chromium begins with
            self.assertTrue(url == self.address or url.startswith(("data:", "chrome:")), url)

    def setUp(self):
        self.browser.shape(1440, 900, "light")
        self.open(self.out)

    def tearDown(self):
        self.checkNothingElseWasAskedFor()

    def test_curves_are_those_of_the_csv(self):
        expected = {}
        for name, what in (("learning_curve", ""), ("evaluations", ", evaluated")):
            with open(os.path.join(self.out, f"{name}.csv"), encoding="utf-8", newline="") as file:
                for row in csv.DictReader(file):
                    mean, deviation = float(row["discounted_mean"]), float(row["discounted_std"])
                    self.assertGreater(deviation, 0)
                    for edge, value in (("", mean), (", low", mean - deviation), (", high", mean + deviation)):
                        expected[row["curve"] + what + edge, row["episodes"]] = value
        rows = self.browser.run(READ_TABLE)
        compared = set()
        for row in rows:
            episodes = row.pop("episode")
            for curve, value in row.items():
                if value == "":
                    continue  # no evaluation there
                self.assertAlmostEqual(float(value), expected[curve, episodes], delta=1e-6 * abs(expected[curve, episodes]) + 1e-6)
                compared.add((curve, episodes))
        self.assertEqual(compared, set(expected))
        self.assertEqual(len(rows[0]), 12)  # of each architecture a curve and its evaluations, each with two edges
        self.assertEqual(self.browser.run("return document.querySelectorAll('#learning .band').length"), 4)
        self.assertEqual(self.browser.run("return document.querySelectorAll('#curves tbody tr').length"), 2)

    def test_the_line_of_the_oracle_is_drawn_where_the_report_says(self):
        levels = """return [...document.querySelectorAll("#learning .legend li")].map((item) => item.textContent).filter((text) => text.startsWith("rule oracle"))"""
        self.assertRegex(self.said, r"the line of rule oracle, 256 episodes \(.*\) is not drawn in learning_curve.\*, report.html, learning_curve_raw.\*, ")
        self.assertEqual(self.browser.run(levels), [])
        self.assertEqual(self.browser.run("return document.querySelectorAll('#learning .line.look-3').length"), 0)
        self.assertIn("The line of rule oracle, 256 episodes (", self.browser.run("return one('learning-note').textContent"))
        # With the range given it is there, and what is beyond the range is not.
        self.checkNothingElseWasAskedFor()
        self.open(self.ranged)
        self.assertRegex(self.said_of_range, r"outside --y_range=-50:4000: part of the curves in report.html \(")
        self.assertNotIn("is not drawn", self.said_of_range)
        self.assertEqual(len(self.browser.run(levels)), 1)
        self.assertNotIn("left out", self.browser.run("return one('learning-note').textContent"))
        level, curve = self.browser.run("""return [".line.look-3", ".line.look-0"].map((which) => {
            const box = document.querySelector(`#learning svg svg > ${which}`).getBoundingClientRect(); return [box.top, box.bottom]; })""")
        ticks = self.browser.run("return [...document.querySelectorAll('#learning .grid')].map((line) => line.getBoundingClientRect().top)")
        zero, most = ticks[0], ticks[-1]  # 0 and 4000
        self.assertLess(most, level[0])
        self.assertLess(level[1], most + 0.3 * (zero - most))  # at 3229
        self.assertGreater(curve[1], zero + 1.02 * 50 / 4000 * (zero - most))  # beyond -50, where it is cut off
        self.assertEqual(self.browser.run("return getComputedStyle(document.querySelector('#learning svg svg')).overflow"), "hidden")

    def test_architectures_are_compared_where_the_curves_end(self):
        ends = {}
        with open(os.path.join(self.out, "learning_curve.csv"), encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                ends[row["curve"]] = float(row["discounted_mean"])
        rows = self.browser.run("""return [...document.querySelectorAll("#compared tbody tr")].map((row) => [...row.children].map((cell) =>
            cell.querySelector("data") ? cell.querySelector("data").value : cell.textContent))""")
        self.assertEqual([row[0] for row in rows], list(ends))
        averages = [float(row[2]) for row in rows]
        for row, average in zip(rows, averages):
            self.assertEqual(row[1], "2")
            self.assertAlmostEqual(average, ends[row[0]], delta=1e-6 * abs(average) + 1e-6)
            self.assertLess(float(row[3]), average)
            self.assertLess(average, float(row[4]))
        self.assertEqual(rows[0][5:], ["", "", ""])
        difference, low, high = (float(cell) for cell in rows[1][5:])
        self.assertAlmostEqual(difference, averages[1] - averages[0], places=6)
        # Of two runs an interval reaches from one to the other, so that of the difference to what is between them.
        widths = [float(row[4]) - float(row[3]) for row in rows]
        self.assertAlmostEqual(high - low, sum(widths), delta=0.02 * sum(widths))
        # The marks and lines of the figure are in that order, from left to right as the numbers are.
        self.assertEqual(self.browser.run("return document.querySelectorAll('#comparison .line').length"), 2)
        middles = self.browser.run("""return [...document.querySelectorAll("#comparison .mark")].map((mark) => {
            const box = mark.getBoundingClientRect(); return (box.left + box.right) / 2; })""")
        self.assertEqual(middles[0] < middles[1], averages[0] < averages[1])

    def test_adaptation_is_that_of_the_csv(self):
        expected = {}
        with open(os.path.join(self.out, "adaptation.csv"), encoding="utf-8", newline="") as file:
            reader = csv.reader(file)
            header = next(reader)
            for cells in reader:
                if "played" not in cells:
                    continue
                row = dict(zip(header[-5:], cells[-5:]))
                if int(row["step"]) < 100:
                    for edge, column in (("", "reward_mean"), (", low", "reward_low"), (", high", "reward_high")):
                        expected[cells[0] + edge, row["step"]] = float(row[column])
        rows = self.browser.run(READ_TABLE.replace("#learning", "#adaptation"))
        # The table has some of the steps, from the first to the last that is drawn.
        self.assertEqual((rows[0]["step within an episode"], rows[-1]["step within an episode"]), ("0", max((step for _, step in expected), key=int)))
        self.assertGreater(len(rows), 10)
        seen = {(curve, row["step within an episode"]): float(value) for row in rows for curve, value in row.items() if curve != "step within an episode"}
        self.assertEqual({curve for curve, _ in seen}, {curve for curve, _ in expected})
        for key, value in seen.items():
            self.assertAlmostEqual(value, expected[key], delta=1e-4 * abs(expected[key]) + 1e-4)

    def test_the_replay_is_what_trace_writes(self):
        replay = self.browser.run("return report.replays[0]")
        self.assertEqual(len(replay["episodes"]), 3)
        for number, episode in enumerate(replay["episodes"]):
            steps = [step for step in self.steps if step["episode"] == str(number)]
            self.assertEqual(episode["t"], [int(step["t"]) for step in steps])
            self.assertEqual(replay["columns"], [name for name in self.steps[0] if name not in ("episode", "t")])
            for column, values in zip(replay["columns"], episode["values"]):
                for step, value in zip(steps, values):
                    self.assertAlmostEqual(value, float(step[column]), delta=1e-5 * abs(float(step[column])) + 1e-9)

    def test_the_bar_goes_through_the_steps(self):
        self.browser.run("""
            one("episode").value = "1";
            one("episode").dispatchEvent(new Event("change"));
            one("step").value = "120";
            one("step").dispatchEvent(new Event("input"));""")
        step = next(step for step in self.steps if step["episode"] == "1" and step["t"] == "120")
        self.assertEqual(self.browser.run("return one('at').textContent"), "120")
        agent = self.browser.run("""const agent = document.querySelector(".map .agent");
            return [agent.getAttribute("cx") / 100, -agent.getAttribute("cy") / 100].map((x) => x * replay.views[0].half)""")
        self.assertAlmostEqual(agent[0], float(step["state_position_x"]), places=4)
        self.assertAlmostEqual(agent[1], float(step["state_position_y"]), places=4)
        readouts = self.browser.run("return [...document.querySelectorAll('#views .readout')].map((node) => node.textContent)")
        self.assertEqual(len(readouts), 3)  # action, reward, what the policy sees
        for readout in readouts:
            self.assertTrue(readout.startswith("step 120: "), readout)
        # The charts show the hundred steps that the bar is on, on one scale with the others; or all.
        shown = "return replay.charts.map(({chart}) => [chart.spec.x[0], chart.spec.x.length, rangeOf([...chart.spec.lines[0].y, ...chart.spec.holds])])"
        some = self.browser.run(shown)
        self.assertEqual([chart[:2] for chart in some], [[100, 100]] * 3)
        self.browser.run("one('window').value = 'all'; one('window').dispatchEvent(new Event('change'))")
        whole = self.browser.run(shown)
        self.assertEqual([chart[:2] for chart in whole], [[0, 300]] * 3)
        self.assertEqual([chart[2] for chart in some], [chart[2] for chart in whole])
        readouts = self.browser.run("return [...document.querySelectorAll('#views .readout')].map((node) => node.textContent)")
        self.assertTrue(all(readout.startswith("step 120: ") for readout in readouts), readouts)
        self.assertIn("Here: ", self.browser.run("return replay.views[1].note.textContent"))
        # It plays by itself, and stops.
        self.browser.run("one('play').click()")
        chromium.wait(self.browser, lambda: self.browser.run("return one('at').textContent") != "120", "the next step")
        self.browser.run("one('play').click()")
        self.assertEqual(self.browser.run("return one('play').textContent"), "play")

    def test_runs_have_their_phases_and_configs(self):
        self.assertEqual(self.browser.run("return document.querySelectorAll('#phases tbody tr').length"), 4)
        for run, config in zip(self.runs, self.browser.run("return [...document.querySelectorAll('#configs pre')].map((node) => node.textContent)")):
            with open(os.path.join(run, "config.textproto"), encoding="utf-8") as file:
                self.assertEqual(config, file.read())
        self.assertEqual(self.browser.run("return document.querySelector('#runs tbody th').textContent"), self.runs[0])
        data = json.loads(self.browser.run("return document.getElementById('data').textContent"))
        self.assertEqual([run["path"] for run in data["runs"]], self.runs)

    def test_fits_a_desk_and_a_phone(self):
        for width, height, scheme in ((1440, 900, "light"), (360, 740, "dark")):
            self.browser.shape(width, height, scheme)
            self.browser.driver.get(self.address)
            self.assertLessEqual(self.browser.run("return document.documentElement.scrollWidth"), width)
            self.browser.picture(os.path.join(OUT, f"report_page_{width}_{scheme}.png"))


if __name__ == "__main__":
    chromium.need()
    BIN, OUT = sys.argv[1:3]
    os.makedirs(OUT, exist_ok=True)
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
