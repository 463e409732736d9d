"use strict";

// Shows the report that stands in this file: curves, tables, and episodes that can be played step by step.

const report = JSON.parse(document.getElementById("data").textContent);
const kLooks = [0, 1, 2, 4, 5];
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
      `${kAverage} over runs. ` + (report.band === "none" ? "" : `Around a curve of several runs is a band (${report.band}).`) +
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
  for (const curve of report.curves) {
    addRow(one("curves").tBodies[0], [curve.name, curve.runs, ...["episodes", "average", "low", "high"].map((list) => curve[list].at(-1))]);
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
  one("comparison-note").textContent = `Discounted return after ${episodes.toLocaleString("en")} episodes, where the shortest curve ends. ${kAverage} over runs, ` +
      "with 95 % bootstrap intervals. An interval of the difference without zero in it tells two curves apart." +
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
  one("adaptation-note").textContent = `Mean reward at the first steps of an episode, in which a policy finds out what its task is. ${adaptation.episodes.toLocaleString("en")} ` +
      "evaluation episodes a run, played with the policy as it is now." +
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

// The way through the plane, with what the task has there: pairs of columns NAME_x and NAME_y. On a torus a step over
// the edge is no line across it.
class MapView {
  constructor(parent) {
    this.box = htmlNode("section");
    this.box.append(htmlNode("h3", "", "Path"));
    this.svg = svgNode("svg", {class: "map", viewBox: "-105 -105 210 210", role: "img"});
    this.note = htmlNode("p", "note");
    this.box.append(this.svg, this.note);
    parent.append(this.box);
  }

  static agentOf(columns) {
    return ["state_position", "state"].find((name) => columns.includes(`${name}_x`) && columns.includes(`${name}_y`));
  }

  load(series) {
    this.series = series;
    const columns = Object.keys(series);
    this.agent = MapView.agentOf(columns);
    this.places = columns.filter((name) => name.startsWith("task_") && name.endsWith("_x") && columns.includes(name.replace(/_x$/, "_y")))
        .map((name) => name.slice(0, -2));
    const all = [this.agent, ...this.places].flatMap((name) => [...series[`${name}_x`], ...series[`${name}_y`]]);
    this.half = Math.ceil(all.reduce((most, value) => Math.max(most, Math.abs(value)), 0)) || 1;
  }

  point(name, i) {
    return [100 * this.series[`${name}_x`][i] / this.half, -100 * this.series[`${name}_y`][i] / this.half];
  }

  show(at) {
    let path = "", last = null;
    for (let i = Math.max(0, at - 200); i <= at; ++i) {
      const point = this.point(this.agent, i);
      const far = last === null || Math.hypot(point[0] - last[0], point[1] - last[1]) > 100;
      path += `${far ? "M" : "L"}${point[0].toFixed(1)} ${point[1].toFixed(1)}`;
      last = point;
    }
    const nodes = [svgNode("title", {}, "Path of the last 200 steps"), svgNode("path", {class: "trail", d: path}),
                   svgNode("circle", {class: "agent", cx: last[0], cy: last[1], r: 3.5})];
    for (const name of this.places) {
      const [x, y] = this.point(name, at);
      nodes.push(svgNode("rect", {class: "place", x: x - 5, y: y - 5, width: 10, height: 10}), svgNode("text", {x: x + 8, y: y + 4}, name.slice(5)));
    }
    let words = `the square is ${2 * this.half} wide`;
    if (this.series.task_wind) {
      const angle = this.series.task_wind[at];
      nodes.push(svgNode("line", {class: "wind", x1: -85, y1: 85, x2: -85 + 15 * Math.cos(angle), y2: 85 - 15 * Math.sin(angle)}),
                 svgNode("circle", {class: "agent", cx: -85, cy: 85, r: 2}), svgNode("text", {x: -66, y: 96}, "wind"));
      words += `, main direction of the wind ${short(angle)} rad`;
    }
    this.svg.replaceChildren(...nodes);
    this.note.textContent = `Last 200 steps; ${words}.`;
  }
}

// z of every step as grey values, a row for each of its numbers; the numbers of the step below.
class SignalView {
  constructor(parent) {
    this.box = htmlNode("section");
    this.box.append(htmlNode("h3", "", "Neuromodulatory signal z"));
    this.canvas = htmlNode("canvas", "signal");
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", "z of every step; its numbers are below");
    this.note = htmlNode("p", "note");
    this.box.append(this.canvas, this.note);
    parent.append(this.box);
  }

  load(series) {
    this.rows = Object.entries(series).filter(([name]) => /^z\d+$/.test(name)).map(([, values]) => values);
    this.steps = this.rows[0].length;
    const all = this.rows.flat();
    this.low = all.reduce((a, b) => Math.min(a, b), Infinity);
    this.high = all.reduce((a, b) => Math.max(a, b), -Infinity);
  }

  show(at) {
    this.canvas.width = this.steps;
    this.canvas.height = this.rows.length;
    const context = this.canvas.getContext("2d");
    const image = context.createImageData(this.steps, this.rows.length);
    this.rows.forEach((values, row) => values.forEach((value, step) => {
      const grey = this.high > this.low ? 255 * (value - this.low) / (this.high - this.low) : 128;
      const mark = Math.abs(step - at) * 200 < this.steps;  // wide enough to be seen
      image.data.set(mark ? [255, 140, 0, 255] : [grey, grey, grey, 255], 4 * (row * this.steps + step));
    }));
    context.putImageData(image, 0, 0);
    this.note.textContent = `From ${short(this.low)} (black) to ${short(this.high)} (white). Here: ${this.rows.map((values) => short(values[at])).join(" ")}`;
  }
}

// Charts against the step: heading, columns, and what they are called.
function chartsOf(columns) {
  const named = (pattern) => columns.filter((name) => pattern.test(name));
  const charts = [];
  if (columns.includes("state_p")) {
    charts.push(["Action and target", ["action", "state_p"], ["action", "target"]]);
  } else {
    charts.push(["Action", named(/^action\d*$/)]);
  }
  charts.push(["Reward", ["reward"]]);
  charts.push(["What the policy sees", named(/^x\d+$/).slice(0, kLooks.length)]);
  return charts.filter(([, names]) => names.length > 0);
}

class Replay {
  constructor(replays) {
    this.replays = replays;
    this.timer = null;
    replays.forEach((replay, i) => one("run").append(new Option(plain(replay.run), i)));
    one("run").addEventListener("change", () => this.choose());
    one("episode").addEventListener("change", () => this.load());
    one("window").addEventListener("change", () => this.show());
    one("step").addEventListener("input", () => this.show());
    one("play").addEventListener("click", () => this.play());
    this.choose();
  }

  choose() {
    const replay = this.replays[one("run").value];
    one("episode").replaceChildren(...replay.episodes.map((_, i) => new Option(String(i), i)));
    one("views").replaceChildren();
    this.views = [];
    if (MapView.agentOf(replay.columns)) this.views.push(new MapView(one("views")));
    this.charts = chartsOf(replay.columns).map(([title, names, words]) => {
      const box = htmlNode("section");
      box.append(htmlNode("h3", "", title));
      one("views").append(box);
      return {title, names, words: words ?? names, chart: new Chart(box, 200)};
    });
    if (replay.columns.includes("z0")) this.views.push(new SignalView(one("views")));
    one("replay-note").textContent = "Evaluation episodes of nmn eval with seed 1, played with the policy as it is now." +
        (replay.every > 1 ? ` Every ${replay.every}th step is here.` : "") + " The bar goes through the steps.";
    this.load();
  }

  load() {
    const replay = this.replays[one("run").value];
    const episode = replay.episodes[one("episode").value];
    this.t = episode.t;
    this.series = Object.fromEntries(replay.columns.map((name, i) => [name, episode.values[i]]));
    for (const view of this.views) view.load(this.series);
    this.drawn = [];
    one("step").max = this.t.length - 1;
    one("step").value = 0;
    this.show();
  }

  // The charts show as many steps as can be told apart, the bar's among them, on the scale of the whole episode.
  draw(begin, end) {
    for (const {title, names, words, chart} of this.charts) {
      chart.draw({title, xName: "step", x: this.t.slice(begin, end), holds: names.flatMap((name) => this.series[name]),
                  lines: names.map((name, i) => ({name: words[i], look: kLooks[i], y: this.series[name].slice(begin, end)}))});
    }
    this.drawn = [begin, end];
  }

  show() {
    const at = Number(one("step").value);
    const size = Number(one("window").value) || this.t.length;  // "all"
    const begin = at - at % size, end = Math.min(begin + size, this.t.length);
    if (this.drawn[0] !== begin || this.drawn[1] !== end) this.draw(begin, end);
    one("at").textContent = this.t[at];
    for (const view of this.views) view.show(at);
    for (const {chart} of this.charts) chart.setAt(at - begin);
  }

  play() {
    if (this.timer !== null) {
      clearInterval(this.timer);
      this.timer = null;
    } else {
      this.timer = setInterval(() => {
        const step = one("step");
        step.value = Number(step.value) === this.t.length - 1 ? 0 : Number(step.value) + 1;
        this.show();
      }, 40);
    }
    one("play").textContent = this.timer === null ? "play" : "stop";
  }
}

showCurves();
showComparison();
showAdaptation();
showRuns();
const replay = report.replays.length ? new Replay(report.replays) : null;
one("replay-section").hidden = replay === null;
