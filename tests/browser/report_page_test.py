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
        cls.said_of_range = call(nmn, "report", cls.runs[2], f"--out={cls.ranged}", "--html", "--no_figures", "--y_range=-50:4000", "--band=bootstrap").stderr
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

    def test_tables_say_what_their_intervals_are(self):
        table = """return [...document.querySelectorAll("#curves tr")].map((row) => [...row.children].map((cell) =>
            cell.querySelector("data") ? cell.querySelector("data").value : cell.textContent))"""
        heads, *rows = self.browser.run(table)
        self.assertEqual(heads[-3:], ["discounted return", "mean \u2212 std", "mean + std"])
        ends = {}
        with open(os.path.join(self.out, "learning_curve.csv"), encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                ends[row["curve"]] = (float(row["discounted_mean"]), float(row["discounted_std"]))
        self.assertEqual(len(rows), 2)
        for row in rows:
            mean, deviation = ends[row[0]]
            for cell, value in zip(row[-3:], (mean, mean - deviation, mean + deviation)):
                self.assertAlmostEqual(float(cell), value, delta=1e-6 * abs(value) + 1e-6)
        self.assertIn("the sample standard deviation over runs", self.browser.run("return one('curves-note').textContent"))
        heads = self.browser.run("return [...document.querySelectorAll('#compared th[scope=col]')].map((cell) => cell.textContent)")
        self.assertEqual(heads[3:5] + heads[6:], ["95 % low", "95 % high"] * 2)
        self.assertIn("95 % percentile bootstrap intervals (95 % low to 95 % high): 2,000 samples", self.browser.run("return one('comparison-note').textContent"))
        # Of one run there is none.
        self.checkNothingElseWasAskedFor()
        self.open(self.ranged)
        heads, row = self.browser.run(table)
        self.assertEqual(heads[-2:], ["95 % low", "95 % high"])
        self.assertEqual(row[-2:], ["", ""])
        self.assertIn("95 % percentile bootstrap interval of the mean over runs: 2,000 samples", self.browser.run("return one('curves-note').textContent"))

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
        self.assertEqual(len(readouts), 4)  # action, reward, what the policy sees, z
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
        # It plays by itself, and stops.
        self.browser.run("one('play').click()")
        chromium.wait(self.browser, lambda: self.browser.run("return one('at').textContent") != "120", "the next step")
        self.browser.run("one('play').click()")
        self.assertEqual(self.browser.run("return one('play').textContent"), "play")

    def go_to(self, episode, step):
        self.browser.run("""
            one("episode").value = arguments[0];
            one("episode").dispatchEvent(new Event("change"));
            one("step").value = arguments[1];
            one("step").dispatchEvent(new Event("input"));""", str(episode), str(step))
        return next(row for row in self.steps if row["episode"] == str(episode) and row["t"] == str(step))

    def test_every_number_of_the_replay_is_of_the_bars_step(self):
        for number in (120, 199, 100, 7):
            step = self.go_to(1, number)
            shown = self.browser.run("""return replay.charts.map(({names, chart}) => [names, [...chart.legend.querySelectorAll("data")].map((node) => Number(node.value))])""")
            self.assertEqual(len(shown), 3)
            for names, values in shown:
                self.assertEqual(len(values), len(names))
                for name, value in zip(names, values):
                    self.assertAlmostEqual(value, float(step[name]), delta=1e-5 * abs(float(step[name])) + 1e-9, msg=f"{name} of step {number}")
            self.assertTrue(self.browser.run("return replay.views[1].readout.textContent").startswith(f"step {number}: z0 "))

    def test_charts_move_the_bar(self):
        self.go_to(1, 120)
        at = "return [one('step').value, one('at').textContent, replay.charts[0].chart.readout.textContent.split(':')[0]]"
        press = """
            const frame = [replay.charts[1].chart.frame, document.querySelector(".signal")][arguments[0]];
            const toX = [replay.charts[1].chart, replay.views[1]][arguments[0]].toX;
            const box = frame.getBoundingClientRect();
            frame.dispatchEvent(new PointerEvent(arguments[1], {clientX: box.left + toX(arguments[2]), clientY: box.top + 50, buttons: arguments[3]}));"""
        for which, place in ((0, 150), (1, 131)):
            self.browser.run(press, which, "pointermove", 110, 0)  # which only passes by
            self.assertNotEqual(self.browser.run(at)[0], "110")
            self.browser.run(press, which, "pointerdown", place, 1)
            self.assertEqual(self.browser.run(at), [str(place), str(place), f"step {place}"])
        # Keys go beyond the hundred steps that are shown, and not beyond the episode.
        key = """document.querySelectorAll("#views [tabindex]")[arguments[0]].dispatchEvent(new KeyboardEvent("keydown", {key: arguments[1]}))"""
        for which, pressed, place in ((0, "ArrowRight", 132), (3, "Home", 0), (1, "ArrowLeft", 0), (2, "End", 299), (3, "PageDown", 279), (0, "PageDown", 259)):
            self.browser.run(key, which, pressed)
            self.assertEqual(self.browser.run(at), [str(place), str(place), f"step {place}"])

    def test_z_stands_below_the_axis_of_the_charts(self):
        self.go_to(1, 120)
        steps = [step for step in self.steps if step["episode"] == "1"]
        names = [name for name in steps[0] if name[0] == "z" and name[1:].isdigit()]
        values = [[float(step[name]) for step in steps] for name in names]
        low, high = min(map(min, values)), max(map(max, values))
        for window, begin, end in (("100", 100, 200), ("all", 0, 300)):
            self.browser.run("one('window').value = arguments[0]; one('window').dispatchEvent(new Event('change'))", window)
            width, height, pixels = self.browser.run("""const canvas = document.querySelector(".signal canvas");
                const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d");
                copy.drawImage(canvas, 0, 0);
                return [canvas.width, canvas.height, [...copy.getImageData(0, 0, canvas.width, canvas.height).data]]""")
            self.assertEqual((width, height), (end - begin, len(names)))
            for row, of_row in enumerate(values):
                for i in range(width):
                    self.assertAlmostEqual(pixels[4 * (row * width + i)], 255 * (of_row[begin + i] - low) / (high - low), delta=1.01)
            # Rows have names from the top; the steps and the bar stand where they do in the charts.
            places = """const texts = (root) => [...root.querySelectorAll("text")].map((text) => { const box = text.getBoundingClientRect(); return [text.textContent, box.left, (box.top + box.bottom) / 2]; });
                const cursor = (root) => root.querySelector(".cursor").getBoundingClientRect().left;
                const cell = document.querySelector(".signal canvas").getBoundingClientRect();
                return [...[document.querySelector(".signal"), replay.charts[0].chart.frame].flatMap((root) => [texts(root), cursor(root) - root.getBoundingClientRect().left, root.getBoundingClientRect().left]),
                        cell.left + cell.width / arguments[0] * arguments[1], cell.top, cell.height]"""
            texts, cursor, left, of_chart, cursor_of_chart, left_of_chart, column, top, tall = self.browser.run(places, end - begin, 120 - begin + 0.5)
            rows = [text for text in texts if text[0].startswith("z")]
            self.assertEqual([text[0] for text in rows], names[::2])  # of 45 rows each second has room
            for name, _, middle in rows:
                self.assertAlmostEqual(middle, top + (names.index(name) + 0.5) * tall / len(names), delta=2)
            ticks = {text[0]: text[1] - left for text in texts if text[0].isdigit()}
            self.assertGreaterEqual(len(ticks), 2)
            ticks_of_chart = {text[0]: text[1] - left_of_chart for text in of_chart[-1 - len(ticks):-1]}
            self.assertEqual(set(ticks), set(ticks_of_chart))
            for tick, place in ticks.items():
                self.assertAlmostEqual(place, ticks_of_chart[tick], delta=0.5)
            self.assertAlmostEqual(cursor, cursor_of_chart, delta=1)
            self.assertAlmostEqual(left + cursor, column, delta=1.5)

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
