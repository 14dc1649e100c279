// Choosing panels for a course. Each panel is a form of its own; what stands in them is kept in the tab's history, so
// that a reload loses nothing, and goes to the server as one piece.

import { announce } from "../panel/live.js";
import { ask, holdPass } from "../panel/pass.js";
import { clearProblem, showProblem } from "../panel/problems.js";
import { counted, words } from "../panel/words.js";
import { fillIn, isGradedAlike, panelIn } from "./fields.js";

const MOST_KEPT = 400_000; // characters: browsers refuse larger histories

const list = () => document.getElementById("chosen");
const items = () => [...list().children];
const forms = () => items().map((item) => item.querySelector("form"));
let most = 20;
let removed = null;
let numbers = 0;
let isRestoring = false;

export function startPlacing(config) {
  const kept = history.state?.chosen ?? [];
  holdPass(config);
  most = config.most;
  const main = document.getElementById("placing");
  main.addEventListener("click", onClick);
  if (!list()) return;
  list().addEventListener("input", ({ target }) => changed(target));
  list().addEventListener("submit", (event) => event.preventDefault());
  restore(kept);
  showState();
}

function onClick({ target }) {
  const button = target.closest("button");
  if (!button) return;
  const { start } = button.dataset;
  if (start) begin(button, start);
  else if ("preview" in button.dataset) preview(button);
  else if ("remove" in button.dataset) remove(button.closest("li"));
  else if ("undo" in button.dataset) undo();
  else if ("place" in button.dataset) place(button);
  else if ("again" in button.dataset) handOver(button, { again: true }, button.closest("section"));
}

async function begin(button, start) {
  const section = button.closest("section");
  if (button.dataset.busy !== undefined) return;
  button.dataset.busy = "";
  clearProblem(section.querySelector(".problem").parentElement);
  try {
    const item = await add(start);
    for (const other of items()) if (other !== item) other.querySelector("details").open = false;
    item.scrollIntoView({ block: "start" });
    item.querySelector('[name="title"]').focus({ preventScroll: true });
    announce(words("panel_added"));
  } catch (refusal) {
    showProblem(section, refusal, () => begin(button, start));
  }
  delete button.dataset.busy;
}

/** One more panel, in the state in which the server begins it, or with what was kept of it. */
async function add(start, kept = null) {
  const response = await ask(`/panel?start=${encodeURIComponent(start)}`);
  const holder = document.createElement("ol");
  holder.innerHTML = await response.text();
  const item = holder.querySelector("li");
  giveIds(item);
  if (kept) fillIn(item.querySelector("form"), kept);
  list().append(item);
  item.dataset.start = start;
  changed(item.querySelector("form"));
  showState();
  return item;
}

/** Fields of several panels must not share ids. */
function giveIds(item) {
  const suffix = `-${(numbers += 1)}`;
  for (const element of item.querySelectorAll("[id]")) element.id += suffix;
  for (const label of item.querySelectorAll("[for]")) label.htmlFor += suffix;
  for (const field of item.querySelectorAll("[aria-describedby]")) {
    field.setAttribute("aria-describedby", field.getAttribute("aria-describedby") + suffix);
  }
}

async function restore(kept) {
  isRestoring = true;
  history.replaceState({ ...history.state, chosen: kept }, "");
  for (const { start, ...panel } of kept) {
    try {
      const item = await add(start, panel);
      item.querySelector("details").open = false;
    } catch (refusal) {
      showProblem(document.getElementById("place-bar"), refusal);
    }
  }
  isRestoring = false;
}

function changed(element) {
  const form = element.closest("form");
  const name = form.closest("li").querySelector("[data-name]");
  name.textContent = form.elements.title.value.trim() || name.dataset.name;
  showGrading(form);
  element.removeAttribute?.("aria-invalid");
  keep();
}

/** What a kind begins with, and what is asked where no earlier panel says it. */
function showGrading(form) {
  const { kind, graded, graded_alike: tick } = form.elements;
  if (tick) tick.closest("label").hidden = tick.dataset.kind !== kind.value;
  const alike = isGradedAlike(form);
  form.querySelector(".graded-anew").hidden = alike;
  const before = form.querySelector(".graded-alike");
  if (before) before.hidden = !alike;
  if (!graded) return;
  for (const part of form.querySelectorAll(".points, .asked")) part.hidden = !graded.checked;
  for (const words of form.querySelectorAll("[data-asked-of]")) {
    const isShown = words.dataset.askedOf === kind.value;
    const number = form.elements.beginnings;
    // What is usual for one kind is not for another; a number that somebody chose stays.
    if (isShown && words.hidden && number.value === number.defaultValue) {
      number.value = number.defaultValue = words.dataset.number;
    }
    words.hidden = !isShown;
  }
}

function keep() {
  if (isRestoring) return;
  const chosen = items().map((item) => ({ start: item.dataset.start, ...panelIn(item.querySelector("form")) }));
  if (JSON.stringify(chosen).length < MOST_KEPT) history.replaceState({ ...history.state, chosen }, "");
}

async function preview(button) {
  const form = button.closest("form");
  const place = form.querySelector(".how-it-looks");
  const opens = place.hidden;
  clearProblem(form);
  try {
    if (opens) {
      const response = await ask("/preview", { method: "POST", json: panelIn(form) });
      place.innerHTML = await response.text();
    }
    place.hidden = !opens;
    button.setAttribute("aria-expanded", String(opens));
    if (opens) place.firstElementChild.focus({ preventScroll: true });
  } catch (refusal) {
    showProblem(form, refusal, () => preview(button));
  }
}

/** What was removed can be taken back, until the next is. */
function remove(item) {
  removed = { item, before: item.nextElementSibling };
  item.remove();
  keep();
  showState();
  announce(words("panel_removed"));
  document.querySelector("[data-undo]").focus();
}

function undo() {
  list().insertBefore(removed.item, removed.before?.isConnected ? removed.before : null);
  removed.item.querySelector("summary").focus();
  removed = null;
  keep();
  showState();
}

function showState() {
  const number = items().length;
  document.getElementById("nothing-chosen").hidden = number > 0;
  document.getElementById("how-many").textContent = number ? counted("panels", number) : "";
  document.querySelector("[data-undo]").hidden = !removed;
  document.querySelector("[data-place]").disabled = number === 0;
  for (const start of document.querySelectorAll("[data-start]:is(button)")) start.disabled = number >= most;
}

function place(button) {
  const bar = document.getElementById("place-bar");
  handOver(button, { panels: forms().map(panelIn) }, bar);
}

/** The server signs what was chosen, and the browser carries it to the course. */
async function handOver(button, json, slot) {
  if (button.dataset.busy !== undefined) return;
  button.dataset.busy = "";
  for (const form of list() ? forms() : []) clearProblem(form);
  clearProblem(slot);
  try {
    const response = await ask("/answer", { method: "POST", json });
    const answer = document.getElementById("answer");
    answer.innerHTML = await response.text();
    answer.hidden = false;
    answer.querySelector("form").submit();
  } catch (refusal) {
    if (!showAtPanel(refusal)) showProblem(slot, refusal, () => handOver(button, json, slot));
    delete button.dataset.busy;
  }
}

/** Where one of the panels is refused, it says so itself. */
function showAtPanel(refusal) {
  const [number, fields] = Object.entries(refusal.fields.panels ?? {})[0] ?? [];
  const form = list() && forms()[number];
  if (!form) return false;
  form.closest("details").open = true;
  showProblem(form, refusal);
  const field = Object.keys(fields)
    .map((name) => form.elements[name])
    .find((found) => found?.matches);
  field?.setAttribute("aria-invalid", "true");
  (field ?? form.closest("li").querySelector("summary")).focus();
  return true;
}
