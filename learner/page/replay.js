"use strict";

// Episodes that can be played step by step.

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
