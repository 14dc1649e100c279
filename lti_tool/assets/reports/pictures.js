// Pictures of a report's tables, drawn by Apache ECharts on a canvas: no markup of its own, no inline styles in it.
// Each stands above its table, which says the same in words.

import { BarChart, GraphChart } from "echarts/charts";
import { AriaComponent, GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

use([BarChart, GraphChart, AriaComponent, GridComponent, LegendComponent, TooltipComponent, CanvasRenderer]);

const drawn = new Map();
const watcher = new ResizeObserver((entries) => entries.forEach(({ target }) => drawn.get(target)?.resize()));
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
  const chart = init(inside, null, { renderer: "canvas" });
  chart.setOption(data.kind === "network" ? network(data) : columns(data));
  drawn.set(frame, chart);
  watcher.observe(frame);
  frame.dataset.drawn = "";
}

function forget(frame) {
  watcher.unobserve(frame);
  drawn.get(frame).dispose();
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

function columns({ labels, series, hidden }) {
  // What is hidden has a low, hatched stub: nothing at all would look like none.
  const known = series.flatMap(({ values }) => values).filter((value) => value !== null);
  const stub = 0.07 * Math.max(1, ...known);
  const hatched = {
    color: "transparent",
    borderColor: colour("soft"),
    borderType: "dashed",
    decal: { color: colour("soft"), dashArrayX: [1, 0], dashArrayY: [2, 4], rotation: -Math.PI / 4 },
  };
  const axis = { axisLine: { lineStyle: { color: colour("edge") } }, axisLabel: { color: colour("soft") } };
  return {
    ...ground(),
    grid: { left: 8, right: 8, top: 36, bottom: 8, containLabel: true },
    legend: { top: 0, textStyle: { color: colour("ink") } },
    tooltip: { ...ground().tooltip, trigger: "axis" },
    xAxis: { type: "category", data: labels, ...axis, axisLabel: { ...axis.axisLabel, hideOverlap: true } },
    yAxis: { type: "value", minInterval: 1, ...axis, splitLine: { lineStyle: { color: colour("line") } } },
    series: series.map(({ name, values }) => ({
      type: "bar",
      name,
      data: values.map((value) => value ?? { value: stub, itemStyle: hatched }),
      tooltip: { valueFormatter: (value, place) => (values[place] === null ? hidden : value) },
      barMaxWidth: 40,
      itemStyle: { borderRadius: [3, 3, 0, 0] },
    })),
  };
}

function network({ people, ties }) {
  const most = Math.max(1, ...people.map(({ acts }) => acts));
  const widest = Math.max(1, ...ties.map(([, , acts]) => acts));
  return {
    ...ground(),
    series: [
      {
        type: "graph",
        layout: "force",
        // Room for the names, which stand at the end of each circle.
        left: 24,
        right: 112,
        // Where each begins, so that the picture is the same each time.
        data: people.map(({ name, acts }, place) => ({
          id: String(place),
          name,
          value: acts,
          symbolSize: 12 + (22 * acts) / most,
          x: Math.cos((place * 2 * Math.PI) / people.length) * 100,
          y: Math.sin((place * 2 * Math.PI) / people.length) * 100,
        })),
        links: ties.map(([from, to, acts]) => ({
          source: String(from),
          target: String(to),
          value: acts,
          lineStyle: { width: 0.75 + (3 * acts) / widest },
        })),
        edgeSymbol: ["none", "arrow"],
        edgeSymbolSize: 6,
        label: { show: true, position: "right", color: colour("ink"), fontSize: 12 },
        labelLayout: { hideOverlap: true },
        lineStyle: { color: colour("edge"), opacity: 0.6, curveness: 0.12 },
        itemStyle: { color: colour("accent") },
        force: { initLayout: "none", repulsion: 220, edgeLength: 90, gravity: 0.12, layoutAnimation: false },
        emphasis: { focus: "adjacency" },
      },
    ],
  };
}
