// Pictures of a report's tables, drawn by Apache ECharts on a canvas: no markup of its own, no inline styles in it.
// Each stands above its table, which says the same in words.

import { BarChart, GraphChart } from "echarts/charts";
import { AriaComponent, GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { LabelLayout } from "echarts/features";
import { CanvasRenderer } from "echarts/renderers";

use([BarChart, GraphChart, AriaComponent, GridComponent, LegendComponent, TooltipComponent, LabelLayout, CanvasRenderer]);

const drawn = new Map();
const watcher = new ResizeObserver((entries) => entries.forEach(({ target }) => fit(target)));
const dark = matchMedia("(prefers-color-scheme: dark)");
dark.addEventListener("change", () => [...drawn.keys()].forEach(redraw));

export function drawAll(place) {
  for (const old of drawn.keys()) if (!old.isConnected) forget(old);
  for (const frame of place.querySelectorAll("[data-picture]")) if (!drawn.has(frame)) draw(frame);
}

function draw(frame) {
  const data = JSON.parse(frame.querySelector("script").textContent);
  const inside = document.createElement("div");
  inside.className = "canvas";
  frame.append(inside);
  // As high as its lines need.
  if (data.kind === "bars") inside.style.blockSize = `${heightOfBars(data, inside.clientWidth)}px`;
  const chart = init(inside, null, { renderer: "canvas" });
  drawn.set(frame, { chart, data });
  chart.setOption(option(data, inside.clientWidth));
  // How far the forces spread the people is known afterwards: drawn again from there, all of them fit.
  if (data.kind === "network") chart.setOption(network(data, spotsIn(chart, data)), true);
  watcher.observe(frame);
  frame.dataset.drawn = "";
}

const option = (data, width) => (data.kind === "network" ? network(data) : { bars, columns }[data.kind](data, width));

/** What stands where depends on the width; the network stays as it is. */
function fit(frame) {
  const found = drawn.get(frame);
  if (!found) return;
  const { chart, data } = found;
  const inside = frame.querySelector(".canvas");
  if (chart.getWidth() === inside.clientWidth) return;
  if (data.kind === "bars") inside.style.blockSize = `${heightOfBars(data, inside.clientWidth)}px`;
  chart.resize();
  if (data.kind !== "network") chart.setOption({ ...option(data, inside.clientWidth), animation: false }, true);
}

function forget(frame) {
  watcher.unobserve(frame);
  drawn.get(frame).chart.dispose();
  drawn.delete(frame);
  frame.querySelector(".canvas")?.remove();
}

function redraw(frame) {
  forget(frame);
  draw(frame);
}

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** What all pictures share. Tooltips are drawn, not written as HTML. */
function ground() {
  return {
    animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: colour("soft") },
    color: [colour("accent"), colour("new"), colour("edge")],
    tooltip: {
      renderMode: "richText",
      backgroundColor: colour("card"),
      borderColor: colour("line"),
      textStyle: { color: colour("ink"), fontSize: 13 },
    },
  };
}

const LINE = 24;
const ruler = document.createElement("canvas").getContext("2d");

function widthOf(text) {
  ruler.font = `12px ${getComputedStyle(document.body).fontFamily}`;
  return ruler.measureText(text).width;
}

/** In one line where there is room, else one below the other; and how high that is. */
function legendOf(series, width) {
  const needed = series.reduce((sum, { name }) => sum + widthOf(name) + 45, 0);
  const isWide = needed <= width;
  const shared = { top: 0, itemGap: 8, itemHeight: 12, textStyle: { color: colour("ink"), lineHeight: 16 } };
  return isWide
    ? { legend: shared, high: LINE }
    : { legend: { ...shared, orient: "vertical", left: 0, align: "left" }, high: LINE * series.length };
}

const axis = () => ({
  axisLine: { lineStyle: { color: colour("edge") } },
  axisLabel: { color: colour("soft"), lineHeight: 15 },
  splitLine: { lineStyle: { color: colour("line") } },
});
const numbers = () => ({ type: "value", minInterval: 1, ...axis() });

/** Where each number stands; what is hidden has a low, hatched stub: nothing at all would look like none. */
function seriesOf({ series, hidden }, radius) {
  const known = series.flatMap(({ values }) => values).filter((value) => value !== null);
  const stub = 0.07 * Math.max(1, ...known);
  const hatched = {
    color: "transparent",
    borderColor: colour("soft"),
    borderType: "dashed",
    decal: { color: colour("soft"), dashArrayX: [1, 0], dashArrayY: [2, 4], rotation: -Math.PI / 4 },
  };
  return series.map(({ name, values }) => ({
    type: "bar",
    name,
    data: values.map((value) => value ?? { value: stub, itemStyle: hatched }),
    tooltip: { valueFormatter: (value, place) => (values[place] === null ? hidden : value) },
    barMaxWidth: 40,
    itemStyle: { borderRadius: radius },
  }));
}

/** Weeks, and a few spans of time, which are all named, in several lines at need. */
function columns(data, width) {
  const { labels, series, wraps } = data;
  const { legend, high } = legendOf(series, width);
  const room = (width - 56) / labels.length - 4;
  const named = wraps ? { interval: 0, width: room, overflow: "break" } : { hideOverlap: true };
  return {
    ...ground(),
    grid: { left: 8, right: 8, top: high + 12, bottom: 8, containLabel: true },
    legend,
    tooltip: { ...ground().tooltip, trigger: "axis", confine: true },
    xAxis: { type: "category", data: labels, ...axis(), axisLabel: { ...axis().axisLabel, ...named } },
    yAxis: numbers(),
    series: seriesOf(data, [3, 3, 0, 0]),
  };
}

/** Things with names: a line for each, with its name before it. */
function bars(data, width) {
  const { labels, series } = data;
  const { legend, high } = legendOf(series, width);
  const room = roomForNames(width);
  return {
    ...ground(),
    grid: { left: room + 8, right: 16, top: high + 8, bottom: LINE, containLabel: false },
    legend,
    tooltip: { ...ground().tooltip, trigger: "axis", confine: true },
    xAxis: numbers(),
    yAxis: {
      type: "category",
      data: labels,
      inverse: true,
      ...axis(),
      axisLabel: { ...axis().axisLabel, interval: 0, width: room - 8, overflow: "break", height: 46, lineOverflow: "truncate" },
    },
    series: seriesOf(data, [0, 3, 3, 0]),
  };
}

const roomForNames = (width) => Math.min(200, 0.38 * width);

function heightOfBars({ labels, series }, width) {
  return legendOf(series, width).high + 8 + LINE + labels.length * Math.max(52, 18 * series.length);
}

/** Where the forces left each; there is no public way to ask. */
function spotsIn(chart, { people }) {
  const laid = chart.getModel().getSeriesByIndex(0).getData();
  return people.map((_, place) => laid.getItemLayout(place));
}

/** Where each begins, so that the picture is the same each time. */
function onACircle(people) {
  const angle = (place) => (place * 2 * Math.PI) / people.length;
  return people.map((_, place) => [Math.cos(angle(place)) * 100, Math.sin(angle(place)) * 100]);
}

/** ``spots``: where everybody stays; else the forces move them. */
function network({ people, ties }, spots) {
  const places = spots ?? onACircle(people);
  const most = Math.max(1, ...people.map(({ acts }) => acts));
  const widest = Math.max(1, ...ties.map(([, , acts]) => acts));
  return {
    ...ground(),
    series: [
      {
        type: "graph",
        layout: spots ? "none" : "force",
        // Room for the names, which stand below each circle.
        left: 60,
        right: 60,
        top: 20,
        bottom: 36,
        preserveAspect: true,
        data: people.map(({ name, acts }, place) => ({
          id: String(place),
          name,
          value: acts,
          symbolSize: 12 + (22 * acts) / most,
          x: places[place][0],
          y: places[place][1],
        })),
        links: ties.map(([from, to, acts]) => ({
          source: String(from),
          target: String(to),
          value: acts,
          lineStyle: { width: 0.75 + (3 * acts) / widest },
        })),
        edgeSymbol: ["none", "arrow"],
        edgeSymbolSize: 6,
        // Names of which two would lie on each other stand in the table, and where one points.
        label: {
          show: true,
          position: "bottom",
          width: 116,
          overflow: "truncate",
          color: colour("ink"),
          fontSize: 12,
          textBorderColor: colour("card"),
          textBorderWidth: 3,
        },
        labelLayout: { hideOverlap: true },
        lineStyle: { color: colour("edge"), opacity: 0.6, curveness: 0.12 },
        itemStyle: { color: colour("accent") },
        force: { initLayout: "none", repulsion: 220, edgeLength: 90, gravity: 0.12, layoutAnimation: false },
        emphasis: { focus: "adjacency" },
      },
    ],
  };
}
