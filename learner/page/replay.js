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

// z as grey values, a row for each of its numbers, below the same axis as the charts: the step k stands at one place in
// all of them. Black and white are those of the whole episode, so windows can be compared.
class SignalView {
  // `bar`: as of moveBar.
  constructor(parent, bar) {
    this.box = htmlNode("section");
    this.box.append(htmlNode("h3", "", "Neuromodulatory signal z"));
    this.frame = htmlNode("div", "signal");
    this.frame.tabIndex = 0;
    this.frame.setAttribute("role", "group");
    this.plot = htmlNode("div", "cells");
    this.canvas = htmlNode("canvas");
    this.plot.append(this.canvas);
    this.frame.append(this.plot);
    this.scale = htmlNode("p", "note");
    this.readout = htmlNode("p", "readout");
    this.box.append(this.frame, this.scale, this.readout);
    parent.append(this.box);
    moveBar(this.frame, bar, (event) => nearest(event, this.frame, this.end - this.begin, (i) => this.toX(this.t[this.begin + i])));
    new ResizeObserver(() => this.render()).observe(this.frame);
  }

  load(series, t) {
    this.t = t;
    this.rows = Object.entries(series).filter(([name]) => /^z\d+$/.test(name)).map(([name, values]) => ({name, values}));
    const all = this.rows.flatMap((row) => row.values);
    this.low = all.reduce((a, b) => Math.min(a, b), Infinity);
    this.high = all.reduce((a, b) => Math.max(a, b), -Infinity);
    this.scale.textContent = `Rows are the numbers of z: ${this.rows[0].name} at the top. In this episode they go from ${short(this.low)} (black) to ${short(this.high)} (white).`;
    this.begin = this.end = null;
  }

  show(at, begin, end) {
    this.at = at;
    if (this.begin !== begin || this.end !== end) {
      [this.begin, this.end] = [begin, end];
      this.paint();
      this.render();
    }
    this.read();
  }

  // A cell a step and row.
  paint() {
    const steps = this.end - this.begin;
    this.canvas.width = steps;
    this.canvas.height = this.rows.length;
    const context = this.canvas.getContext("2d");
    const image = context.createImageData(steps, this.rows.length);
    this.rows.forEach(({values}, row) => {
      for (let i = 0; i < steps; ++i) {
        const grey = this.high > this.low ? 255 * (values[this.begin + i] - this.low) / (this.high - this.low) : 128;
        image.data.set([grey, grey, grey, 255], 4 * (row * steps + i));
      }
    });
    context.putImageData(image, 0, 0);
  }

  render() {
    const width = this.frame.clientWidth;
    if (!this.end || width === 0) return;
    const height = 42 + Math.min(Math.max(158, 12 * this.rows.length), 360);
    const box = boxOf(width, height), first = this.t[this.begin], last = this.t[this.end - 1], steps = this.end - this.begin;
    this.toX = acrossBox(box, first, last);
    // The middle of a cell is its step's place: of the first and the last one a half is seen.
    const cell = (box.right - box.left) / Math.max(1, steps - 1);
    const place = (node, left, top, wide, high) => Object.assign(node.style, {left: `${left}px`, top: `${top}px`, width: `${wide}px`, height: `${high}px`});
    place(this.plot, box.left, box.top, box.right - box.left, box.bottom - box.top);
    place(this.canvas, steps > 1 ? -cell / 2 : 0, 0, steps * cell, box.bottom - box.top);
    const root = svgNode("svg", {class: "chart", role: "img", viewBox: `0 0 ${width} ${height}`, height});
    root.append(svgNode("title", {}, `z of the steps ${first} to ${last}`));
    const high = (box.bottom - box.top) / this.rows.length;
    for (let row = 0; row < this.rows.length; row += Math.ceil(12 / high)) {  // as many names as there is room for
      root.append(svgNode("text", {x: box.left - 6, y: box.top + (row + 0.5) * high + 4, "text-anchor": "end"}, this.rows[row].name));
    }
    appendXAxis(root, box, this.toX, wholeTicks(first, last, width).map((tick) => [tick, short(tick)]), "step");
    this.cursor = svgNode("line", {class: "cursor", y1: box.top, y2: box.bottom});
    root.append(this.cursor);
    this.frame.setAttribute("aria-label", `z of the steps ${first} to ${last}. Arrow keys move the bar.`);
    this.frame.replaceChildren(this.plot, root);
    this.read();
  }

  read() {
    if (this.toX) for (const end of ["x1", "x2"]) this.cursor.setAttribute(end, this.toX(this.t[this.at]));
    this.readout.textContent = `step ${this.t[this.at]}: ${this.rows.map(({name, values}) => `${name} ${short(values[this.at])}`).join(", ")}`;
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
    // Every picture has the bar, and can move it.
    this.bar = {to: (i) => this.goTo(this.drawn[0] + i), by: (steps) => this.goTo(Number(one("step").value) + steps)};
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
      return {title, names, words: words ?? names, chart: new Chart(box, 200, this.bar)};
    });
    if (replay.columns.includes("z0")) this.views.push(new SignalView(one("views"), this.bar));
    one("replay-note").textContent = "Evaluation episodes of nmn eval with seed 1, played with the policy as it is now." +
        (replay.every > 1 ? ` One step of every ${replay.every} is here.` : "") + " The bar goes through the steps, and the pictures show its step: drag it there, click into a chart, or use the arrow keys.";
    this.load();
  }

  load() {
    const replay = this.replays[one("run").value];
    const episode = replay.episodes[one("episode").value];
    this.t = episode.t;
    this.series = Object.fromEntries(replay.columns.map((name, i) => [name, episode.values[i]]));
    for (const view of this.views) view.load(this.series, this.t);
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
    for (const view of this.views) view.show(at, begin, end);
    for (const {chart} of this.charts) chart.setAt(at - begin);
  }

  goTo(at) {
    one("step").value = Math.min(Math.max(at, 0), this.t.length - 1);
    this.show();
  }

  play() {
    if (this.timer !== null) {
      clearInterval(this.timer);
      this.timer = null;
    } else {
      this.timer = setInterval(() => {
        const at = Number(one("step").value);
        this.goTo(at === this.t.length - 1 ? 0 : at + 1);
      }, 40);
    }
    one("play").textContent = this.timer === null ? "play" : "stop";
  }
}
