// Grading: the list of learners, one learner at a time with the keyboard, and the form of the rules. All of it stands in
// a place of its own, and the panel is away meanwhile.

import htmx from "htmx.org";
import {
  confirmColumnLoss,
  confirmKeeping,
  confirmReplacing,
  confirmSending,
  confirmStageLoss,
  confirmTakingBack,
} from "./dialogs.js";
import { keysWork, mayLeave, showSwitch, startJudging } from "./judging.js";
import { announce } from "./live.js";
import { ask } from "./pass.js";
import { clearProblem, showProblem } from "./problems.js";
import { words } from "./words.js";

const place = () => document.getElementById("grading");
const panel = () => document.getElementById("panel");
const isOpen = () => !place().hidden;
let cameFrom = null;
// Whether the panel was graded, or was not, when its page was made.
let isChanged = false;

export const gradingActs = {
  grading: (button) => open("/grading", button),
  "grading-look": (button) => open("/grading?show=look", button),
  "grading-rules": (button) => open("/grading/rules", button),
  "leave-grading": leave,
  "grade-learner": (button) => open(`/grading/learners/${button.dataset.member}`, button),
  "grade-before": (button) => button.dataset.member && open(`/grading/learners/${button.dataset.member}`, button),
  "grade-following": (button) => button.dataset.member && open(`/grading/learners/${button.dataset.member}`, button),
  "replace-grade": replaceGrade,
  "keep-grade": keepGrade,
  "take-back": takeBack,
  "add-stage": addStage,
  "remove-stage": removeStage,
  "end-grading": endGrading,
  "delete-column": deleteColumn,
};

/** `path`: where the page is to begin, such as one learner's screen; empty where it begins with the panel. */
export function startGrading(path) {
  document.body.addEventListener("keydown", onKey);
  document.body.addEventListener("input", ({ target }) => rulesChanged(target));
  document.body.addEventListener("change", ({ target }) => rulesChanged(target));
  document.body.addEventListener("htmx:confirm", onConfirm);
  startJudging();
  document.body.addEventListener("htmx:afterSettle", ({ detail }) => {
    if (detail.target === place()) settled();
  });
  keepOwnLines(path === "/participation");
  if (path && path !== "/participation") open(path, null);
}

async function open(path, button) {
  if (!(await mayLeave(button))) return;
  const at = isOpen() ? place() : panel();
  if (!isOpen() && button) cameFrom = button.dataset.act;
  clearProblem(at);
  try {
    const response = await ask(path);
    place().innerHTML = await response.text();
    htmx.process(place());
    show();
    settled();
  } catch (refusal) {
    showProblem(button?.closest("header, form, li") ?? at, refusal, () => open(path, button));
  }
}

function show() {
  document.getElementById("set-up").hidden = true;
  panel().hidden = true;
  place().hidden = false;
}

/** After a piece came: the keyboard goes on at its heading, and what was saved is said. */
function settled() {
  const desk = place().querySelector("[data-learner]");
  if (desk && "saved" in desk.dataset) announce(words("saved"));
  if (place().querySelector("[data-graded], [data-not-graded]")) isChanged = true;
  const heading = place().querySelector("#grading-heading");
  heading?.focus({ preventScroll: true });
  heading?.scrollIntoView({ block: "nearest" });
  relabel();
  showSwitch(place());
}

/** The panel may be graded now, or not any more: it is fetched anew. */
function leave() {
  place().hidden = true;
  panel().hidden = false;
  place().replaceChildren();
  if (isChanged) return location.reload();
  (document.querySelector(`#panel [data-act="${cameFrom}"]`) ?? document.querySelector("#panel h1"))?.focus();
}

/** A reader's own lines are fetched again when something of theirs changed; opened, they stay open. */
function keepOwnLines(openAtOnce) {
  const own = () => document.getElementById("participation");
  let isWanted = openAtOnce;
  let isOpened = false;
  document.body.addEventListener("panel:placed", () => {
    if (own()?.hasAttribute("hx-get")) htmx.trigger(own(), "participation:changed");
  });
  document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (detail.target === own()) isOpened = Boolean(own().querySelector("details")?.open);
  });
  document.body.addEventListener("htmx:afterSettle", ({ detail }) => {
    const lines = detail.target === own() && own().querySelector("details");
    if (!lines) return;
    lines.open = isOpened || isWanted;
    if (isWanted) lines.querySelector("summary").focus();
    isWanted = false;
  });
}

const KEYS = { j: "grade-following", ArrowRight: "grade-following", k: "grade-before", ArrowLeft: "grade-before" };

function onKey(event) {
  if (!isOpen() || event.altKey || document.querySelector("dialog[open]")) return;
  const field = event.target.closest("input, textarea, select");
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return save(event, field);
  if (event.ctrlKey || event.metaKey || !place().querySelector("[data-learner]")) return;
  if (event.key === "Escape") return stepOut(event, field);
  if (field || !keysWork()) return;
  const act = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  const focused = { p: "input[name=points]", c: "textarea[name=comment]" }[event.key.toLowerCase()];
  if (!act && !focused) return;
  event.preventDefault();
  if (act) place().querySelector(`[data-act="${act}"]`)?.click();
  else place().querySelector(focused)?.focus();
}

function save(event, field) {
  const form = field?.closest("form") ?? place().querySelector("form[data-judging]");
  if (!form) return;
  event.preventDefault();
  form.requestSubmit();
}

function stepOut(event, field) {
  event.preventDefault();
  if (field) place().querySelector("#grading-heading").focus({ preventScroll: true });
  else place().querySelector('[data-act="grading"]')?.click();
}

/** Sending to everybody is asked for once more. */
function onConfirm(event) {
  const button = event.target.closest?.('[data-act="send-grades"]');
  if (!button || event.detail.elt !== button) return;
  event.preventDefault();
  confirmSending(button).then((yes) => yes && event.detail.issueRequest(true));
}

async function replaceGrade(button) {
  if (!(await confirmReplacing(button))) return;
  htmx.ajax("POST", button.dataset.address, { target: "#grading", source: button, values: { wish: "replace" } });
}

async function keepGrade(button) {
  if (!(await confirmKeeping(button))) return;
  htmx.ajax("POST", button.dataset.address, { target: "#grading", source: button, values: { wish: "keep" } });
}

async function takeBack(button) {
  if (!(await confirmTakingBack(button))) return;
  htmx.ajax("DELETE", button.dataset.address, { target: "#grading", source: button });
}

async function deleteColumn(button) {
  if (!(await confirmColumnLoss(button))) return;
  htmx.ajax("POST", button.dataset.address, { target: "#grading", source: button, values: { wish: "delete" } });
}

let soon = 0;

function rulesChanged(field) {
  if (!field.closest("[data-rules]")) return;
  clearTimeout(soon);
  soon = setTimeout(() => {
    const sentences = place().querySelector("[data-sentences]");
    if (sentences) htmx.trigger(sentences, "rules:changed");
  }, 400);
}

function addStage(button) {
  const stages = place().querySelector("[data-stages]");
  const number = 1 + Math.max(-1, ...[...stages.querySelectorAll("[name]")].map(({ name }) => Number(name.split("-")[1])));
  const html = document.getElementById("new-stage").innerHTML.replaceAll("stage-NEW-", `stage-${number}-`);
  stages.insertAdjacentHTML("beforeend", html);
  relabel();
  stages.lastElementChild.querySelector("input:not([type=hidden])").focus();
  rulesChanged(button);
}

async function removeStage(button) {
  const stage = button.closest("[data-stage]");
  if ("judged" in stage.dataset && !(await confirmStageLoss(button))) return;
  const form = stage.closest("form");
  stage.remove();
  relabel();
  rulesChanged(form.querySelector("[type=submit]"));
  form.querySelector('[data-act="add-stage"]').focus();
}

async function endGrading(button) {
  if (!(await confirmStageLoss(button))) return;
  const form = button.closest("form");
  form.querySelector("[data-stages]").replaceChildren();
  form.requestSubmit();
}

/** Stages are numbered where there are several; the last one cannot be removed, nor more added than may be. */
function relabel() {
  const stages = [...place().querySelectorAll("[data-stages] > [data-stage]")];
  stages.forEach((stage, index) => {
    stage.querySelector("legend").textContent = words("stage").replace("{n}", index + 1);
    stage.querySelector('[data-act="remove-stage"]').hidden = stages.length < 2;
  });
  const add = place().querySelector('[data-act="add-stage"]');
  if (add) add.hidden = stages.length >= Number(add.dataset.most);
}
