#!/usr/bin/env python3
"""live_page_test.py BIN OUT: the live page of a real nmn train of BIN in a real Chromium. Its values are those of
metrics.jsonl, its console is silent, it asks its own host alone, it fits 1440 and 360 pixels (screenshots in OUT), and
it outlives its learner. Exit code 77: skipped, nothing to open it with."""

import json
import os
import sys
import tempfile
import time
import unittest

import chromium
from training import Training

TINY = ["env.horizon=120", "ppo.kept_steps=80", "ppo.segment_steps=40", "ppo.episodes_per_update=20",
        "ppo.critic.replay_episodes=60", "ppo.policy.epochs=3", "ppo.critic.epochs=2", "work.unit_episodes=4",
        "checkpoint.every_updates=3", "eval.every_updates=2", "eval.episodes=4"]

# Of the tables under the charts: the heading above a chart, a column of it, the field of metrics.jsonl.
COLUMNS = {
    ("Learning curve", "last 1000 episodes"): "discounted_last_1000",
    ("Learning curve", "each update"): "discounted_mean",
    ("KL of an update, nats", "KL"): "kl",
    ("Share of clipped ratios", "clipped"): "clip_fraction",
    ("Coefficient of the KL penalty", "beta"): "beta",
    ("Variance that the critic explains", "explained"): "explained_variance",
    ("Entropy of the policy, nats", "entropy"): "entropy",
    ("Standard deviation of an action", "deviation"): "mean_deviation",
    ("Norms of the gradients", "policy"): "policy_gradient_norm",
    ("Norms of the gradients", "critic"): "critic_gradient_norm",
    ("Factor of the learning rates", "factor"): "rate_multiplier",
}

# {heading: {column: {first cell of the row: number or null}}} of all charts that are seen.
READ_TABLES = """
  const tables = {};
  for (const figure of document.querySelectorAll("figure")) {
    const section = figure.closest("section");
    if (section.hidden) continue;
    const heads = [...figure.querySelectorAll("thead th")].map((cell) => cell.textContent);
    const columns = tables[section.querySelector("h2, h3").textContent] = {};
    for (const head of heads.slice(1)) columns[head] = {};
    for (const row of figure.querySelectorAll("tbody tr")) {
      [...row.querySelectorAll("td data")].forEach((data, i) => {
        columns[heads[i + 1]][row.querySelector("th").textContent] = data.value === "" ? null : Number(data.value);
      });
    }
  }
  return tables;
"""


class LivePage(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        # What a name must not do.
        self.name = "<img src=x onerror=alert(1)> \u202eeman"
        self.run = os.path.join(folder.name, self.name)
        self.browser = self.enterContext(chromium.Chromium(os.path.join(folder.name, "profile")))

    def enterContext(self, manager):  # of unittest from Python 3.11 on
        self.addCleanup(manager.__exit__, None, None, None)
        return manager.__enter__()

    def train(self, *more):
        command = [os.path.join(BIN, "nmn"), "train", f"--run_dir={self.run}", "--no_figure", *more]
        return self.enterContext(Training(command))

    def start(self):
        begin = ["--benchmark=b1", "--preset=reference", "--updates=1000000", "--actors=2", "--metrics=127.0.0.1:0"]
        for assignment in TINY:
            begin += ["--set", assignment]
        return self.train(*begin)

    def metrics(self):
        with open(os.path.join(self.run, "metrics.jsonl"), encoding="utf-8") as file:
            lines = file.read().split("\n")[:-1]
        return {update["update"]: update for update in map(json.loads, lines)}

    def text(self, name):
        return self.browser.run("return document.getElementById(arguments[0]).textContent", name)

    def wait(self, condition, what):
        chromium.wait(self.browser, condition, what)

    def wait_for_updates(self, most):
        def there():
            rows = self.browser.run(READ_TABLES).get("Learning curve", {}).get("each update", {})
            return rows and max(map(int, rows)) >= most
        self.wait(there, f"update {most} on the page")

    def expect_values_of_metrics(self):
        tables, metrics = self.browser.run(READ_TABLES), self.metrics()
        compared = set()
        for heading, columns in tables.items():
            for column, rows in columns.items():
                self.assertTrue(rows, (heading, column))
                for place, value in rows.items():
                    where = (heading, column, place)
                    if heading == "Adaptation":
                        expected = metrics[int(column.split()[1])]["adaptation"][place]
                    elif column == "evaluations":
                        expected = metrics[int(place)].get("evaluation", {}).get("discounted_mean")
                    else:
                        expected = metrics[int(place)][COLUMNS[heading, column]]
                    self.assertEqual(value, expected, where)
                    compared.add((heading, column if heading != "Adaptation" else "update"))
        return compared

    def expect_silent_console(self):
        self.assertEqual(self.browser.console(), [])

    def test_values_are_those_of_metrics_jsonl_and_nothing_else_is_asked(self):
        training = self.start()
        self.browser.requests()  # of the page that Chromium begins with
        self.browser.driver.get(training.address)
        self.wait_for_updates(12)
        compared = self.expect_values_of_metrics()
        # Objective and space of this run have no clipped ratio; all else is there.
        missing = set(COLUMNS) | {("Adaptation", "update"), ("Learning curve", "evaluations")}
        missing -= compared
        self.assertIn(missing, ({("Share of clipped ratios", "clipped")}, {("Coefficient of the KL penalty", "beta")}))
        self.assertEqual(self.text("name"), self.name.replace("\u202e", "\ufffd"))
        self.assertEqual(self.browser.run("return document.images.length"), 0)
        self.assertRegex(self.text("bottleneck"), r" % of the time")
        self.assertRegex(self.text("fleet-note"), r"^2 connected of 2 known")
        self.assertEqual(self.browser.run("return document.querySelectorAll('#actors tbody th').length"), 2)
        requests, end = self.browser.requests(), time.monotonic() + 30
        while requests.count(training.address + "api/run.json") < 2 and time.monotonic() < end:  # it asks again
            time.sleep(0.2)
            requests += self.browser.requests()
        self.assertGreaterEqual(requests.count(training.address + "api/run.json"), 2)
        for url in requests:
            # "chrome:" is the tab that Chromium begins with, where it is slow to leave it.
            self.assertTrue(url.startswith((training.address, "data:", "chrome:")), url)
        self.expect_silent_console()

    def test_fits_a_desk_and_a_phone_in_light_and_dark(self):
        training = self.start()
        shown = {}
        for width, height, scheme in ((1440, 900, "light"), (360, 740, "dark")):
            self.browser.shape(width, height, scheme)
            self.browser.driver.get(training.address)
            self.wait_for_updates(4)
            self.assertLessEqual(self.browser.run("return document.documentElement.scrollWidth"), width)
            # The tables under the charts have boxes of their own, which scroll.
            for name, right in self.browser.run("""return [...document.querySelectorAll("section, figure, table, h1, p")]
                .filter((node) => !node.closest("details"))
                .map((node) => [node.id || node.className, node.getBoundingClientRect().right])"""):
                self.assertLessEqual(right, width, name)
            shown[scheme] = self.browser.run("return getComputedStyle(document.body).backgroundColor")
            self.browser.picture(os.path.join(OUT, f"live_page_{width}_{scheme}.png"))
        self.assertNotEqual(shown["light"], shown["dark"])
        self.expect_silent_console()

    def test_is_readable_without_colour_and_by_keyboard(self):
        training = self.start()
        self.browser.driver.get(training.address)
        self.wait_for_updates(4)
        # In each chart no two lines have the same dashes.
        for dashes in self.browser.run("""return [...document.querySelectorAll("svg.chart")].map((chart) =>
            [...chart.querySelectorAll("path.line")].map((line) => getComputedStyle(line).strokeDasharray))"""):
            self.assertEqual(len(set(dashes)), len(dashes))
        for labelled in self.browser.run("""return [...document.querySelectorAll("svg.chart")].map((chart) =>
            [chart.getAttribute("role"), chart.querySelector("title").textContent,
             chart.querySelector("desc").textContent, chart.parentNode.getAttribute("aria-label")])"""):
            self.assertTrue(all(labelled), labelled)
        from selenium.webdriver.common.by import By
        from selenium.webdriver.common.keys import Keys
        chart = self.browser.driver.find_element(By.CSS_SELECTOR, "#learning figure > div")
        chart.send_keys(Keys.HOME)
        readout = self.browser.driver.find_element(By.CSS_SELECTOR, "#learning .readout")
        self.assertRegex(readout.text, r"^update 1: last 1000 episodes .*, each update ")
        chart.send_keys(Keys.ARROW_RIGHT)
        self.assertRegex(readout.text, r"^update 2: ")

    def test_takes_the_page_of_another_program_that_answers(self):
        training = self.start()
        self.browser.driver.get(training.address)
        self.wait_for_updates(2)
        self.browser.run("window.here = true; shown.run.commit = 'of another'")
        self.wait(lambda: not self.browser.run("return window.here"), "another page")
        self.wait_for_updates(4)
        self.browser.run("window.here = true")
        self.browser.requests()
        asked = lambda: any(url.endswith("run.json") for url in self.browser.requests())
        self.wait(asked, "the next question")
        self.wait(asked, "the one after it")
        self.assertTrue(self.browser.run("return window.here"))  # once is enough

    def test_outlives_its_learner(self):
        training = self.start()
        self.browser.driver.get(training.address)
        self.wait_for_updates(6)
        self.expect_silent_console()
        training.kill()
        self.wait(lambda: self.text("link").startswith("The learner is lost since "), "the word that the learner is lost")
        before = self.browser.run(READ_TABLES)
        self.assertIn("Learning curve", before)  # what was there stays
        again = self.train("--resume", "--metrics=" + training.address.split("/")[2])
        self.assertEqual(again.address, training.address)
        self.wait(lambda: self.text("link") == "Live. The learner of this run has been started 2 times.", "the word that it is back")
        self.wait_for_updates(20)
        self.assertIn("generation 2,", self.text("build"))
        self.expect_values_of_metrics()
        rows = self.browser.run(READ_TABLES)["Learning curve"]["each update"]
        self.assertEqual(min(map(int, rows)), 1)  # the updates of the process that was killed
        # Chromium itself says that a question had no answer; the page says nothing.
        for entry in self.browser.console():
            self.assertRegex(entry["message"], r"/api/run\.json - Failed to load resource: net::ERR_")


if __name__ == "__main__":
    chromium.need()
    BIN, OUT = sys.argv[1:3]
    os.makedirs(OUT, exist_ok=True)
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
