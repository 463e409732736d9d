"use strict";

// Shows the report that stands in this file: curves, tables, and, by replay.js, episodes step by step.

const report = JSON.parse(document.getElementById("data").textContent);
const kMean = report.average === "iqm" ? "IQM" : "mean";
const kResamples = `${report.resamples.toLocaleString("en")} samples of as many runs, drawn from these with replacement`;
// What the edges of a band are: their names, and in words.
const kEdges = {
  "std": [`${kMean} \u2212 std`, `${kMean} + std`, `the ${kMean} less and plus the sample standard deviation over runs`],
  "sem": [`${kMean} \u2212 sem`, `${kMean} + sem`, `the ${kMean} less and plus its standard error over runs`],
  "95 % bootstrap": ["95 % low", "95 % high", `the ends of the 95 % percentile bootstrap interval of the ${kMean} over runs: ${kResamples}`],
}[report.band];
const kAverage = report.average === "iqm" ? "Interquartile mean" : "Mean";

function addRow(body, cells) {
  const row = htmlNode("tr");
  cells.forEach((content, i) => {
    const words = typeof content === "string";
    const cell = htmlNode(i === 0 ? "th" : "td", words ? "" : "number");
    if (i === 0) cell.scope = "row";
    cell.append(words ? plain(content) : numberNode(content));
    row.append(cell);
  });
  body.append(row);
}

function showCurves() {
  one("name").textContent = plain(report.title);
  one("what").textContent = count(report.runs.length, "run");
  one("learning-note").textContent = `Discounted return, gamma = 0.998; running mean over ${report.smoothed}. ` +
      `${kAverage} over runs. ` + (kEdges ? `Around a curve of several runs is a band; its edges are ${kEdges[2]}.` : "") +
      (report.curves.some((curve) => curve.evaluations.episodes.length) ? " Marks are evaluations while training, without a running mean." : "");
  const x = [...new Set(report.curves.flatMap((curve) => [...curve.episodes, ...curve.evaluations.episodes]))].sort((a, b) => a - b);
  const lineOf = (curve, points, look, more) => {
    const band = curve.runs > 1 && report.band !== "none";
    return {look, bridge: true, y: along(x, points.episodes, points.average), ...more,
            ...(band ? {low: along(x, points.episodes, points.low), high: along(x, points.episodes, points.high)} : {})};
  };
  const lines = report.curves.flatMap((curve, i) => {
    const look = kLooks[i % kLooks.length];
    const own = lineOf(curve, curve, look, {name: plain(curve.name)});
    if (!curve.evaluations.episodes.length) return [own];
    return [own, lineOf(curve, curve.evaluations, look, {name: `${plain(curve.name)}, evaluated`, marks: true})];
  });
  const {bound, y_range: range} = report;
  const levels = bound?.drawn ? [{name: bound.name, value: bound.discounted}] : [];
  if (bound !== null && !bound.drawn) {
    one("learning-note").append(` The line of ${bound.name} (`, numberNode(bound.discounted), ") is left out: the curves would have less than half of the height.");
  }
  new Chart(one("learning"), 340).draw({title: "Learning curves", xName: "episode", x, lines, levels, range});
  showEnds();
}

function showEnds() {
  const [head] = one("curves").tHead.rows;
  for (const name of kEdges?.slice(0, 2) ?? []) {
    const cell = htmlNode("th", "number", name);
    cell.scope = "col";
    head.append(cell);
  }
  one("curves-note").textContent = kEdges ? `${kEdges[0]} and ${kEdges[1]} are ${kEdges[2]}. A curve of one run has none.` : "";
  for (const curve of report.curves) {
    const edges = kEdges ? [curve.low.at(-1), curve.high.at(-1)].map((edge) => curve.runs > 1 ? edge : null) : [];
    addRow(one("curves").tBodies[0], [curve.name, curve.runs, curve.episodes.at(-1), curve.average.at(-1), ...edges]);
  }
}

// One row a curve: its average as a mark, its interval as a line.
class IntervalView {
  constructor(parent, rows, title) {
    this.rows = rows;
    this.title = title;
    this.frame = htmlNode("figure");
    parent.append(this.frame);
    new ResizeObserver(() => this.render()).observe(this.frame);
  }

  render() {
    const width = this.frame.clientWidth;
    if (width === 0) return;
    const height = 40 * this.rows.length + 30;
    const [low, high] = rangeOf(this.rows.flatMap((row) => [row.average, row.low, row.high]));
    const toX = (value) => 12 + (value - low) / (high - low) * (width - 24);
    const root = svgNode("svg", {class: "chart intervals", role: "img", viewBox: `0 0 ${width} ${height}`, height});
    root.append(svgNode("title", {}, this.title));
    for (const tick of ticksOf(low, high, width / 90)) {
      root.append(svgNode("line", {class: "grid", x1: toX(tick), x2: toX(tick), y1: 0, y2: height - 24}),
                  svgNode("text", {x: toX(tick), y: height - 8, "text-anchor": "middle"}, short(tick)));
    }
    this.rows.forEach((row, i) => {
      const y = 40 * i + 30;
      root.append(svgNode("text", {x: 12, y: y - 12}, plain(row.name)));
      if (row.low !== null) root.append(svgNode("line", {class: `line look-${row.look}`, x1: toX(row.low), x2: toX(row.high), y1: y, y2: y}));
      root.append(markNode(row.look, toX(row.average), y));
    });
    this.frame.replaceChildren(root);
  }
}

// A bootstrap of a few runs draws the same few again and again.
const kLeastRuns = 5;

function showComparison() {
  const {episodes, curves} = report.comparison;
  one("comparison-section").hidden = curves.length < 2;
  if (curves.length < 2) return;
  one("comparison-note").textContent = `Discounted return after ${count(episodes, "episode")}, where the shortest curve ends. ${kAverage} over runs, ` +
      `with 95 % percentile bootstrap intervals (95 % low to 95 % high): ${kResamples}. ` +
      "An interval of the difference without zero in it tells two curves apart." +
      (curves.some((curve) => curve.runs < kLeastRuns) ? ` Of fewer than ${kLeastRuns} runs an interval says little: train more seeds.` : "");
  const rows = curves.map((curve, i) => ({...curve, look: kLooks[i % kLooks.length], name: report.curves[i].name}));
  new IntervalView(one("comparison"), rows, "Averages and intervals of the curves; the table has the numbers");
  rows.forEach((row, i) => {
    const difference = i === 0 ? [null, null, null] : [row.difference, row.difference_low, row.difference_high];
    addRow(one("compared").tBodies[0], [row.name, row.runs, row.average, row.low, row.high, ...difference]);
  });
}

function showAdaptation() {
  const {adaptation} = report;
  one("adaptation-section").hidden = adaptation === null;
  if (adaptation === null) return;
  one("adaptation-note").textContent = `Mean reward at the first steps of an episode, in which a policy finds out what its task is. ${count(adaptation.episodes, "evaluation episode")} ` +
      "a run, played with the policy as it is now." +
      (report.band === "none" ? "" : ` The band (${report.band}) is over runs; of a single run it is over episodes.`);
  const x = [...new Set(adaptation.curves.flatMap((curve) => curve.step))].sort((a, b) => a - b);
  const lines = adaptation.curves.flatMap((curve, i) => curve.runs === 0 ? [] : [{
    name: plain(report.curves[i].name), look: kLooks[i % kLooks.length], y: along(x, curve.step, curve.average),
    ...(report.band === "none" ? {} : {low: along(x, curve.step, curve.low), high: along(x, curve.step, curve.high)}),
  }]);
  new Chart(one("adaptation"), 300).draw({title: "Adaptation", xName: "step within an episode", x, lines});
}

function showRuns() {
  const phases = [...new Set(report.runs.flatMap((run) => Object.keys(run.phases)))];
  const head = htmlNode("tr");
  for (const [i, name] of ["run", ...phases].entries()) {
    const cell = htmlNode("th", i ? "number" : "", name);
    cell.scope = "col";
    head.append(cell);
  }
  one("phases").tHead.append(head);
  for (const run of report.runs) {
    addRow(one("runs").tBodies[0], [run.path, run.curve, run.episodes, run.return, run.discounted, run.wall_seconds]);
    if (Object.keys(run.phases).length) addRow(one("phases").tBodies[0], [run.path, ...phases.map((phase) => run.phases[phase] ?? null)]);
    const details = htmlNode("details");
    details.append(htmlNode("summary", "", plain(run.path)), htmlNode("pre", "", plain(run.config)));
    one("configs").append(details);
  }
}

showCurves();
showComparison();
showAdaptation();
showRuns();
const replay = report.replays.length ? new Replay(report.replays) : null;
one("replay-section").hidden = replay === null;
