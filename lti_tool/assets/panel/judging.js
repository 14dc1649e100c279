// What is typed about a learner and not saved yet: nobody goes away from it without being asked. And the keys of a
// single letter, which can be switched off: who dictates, or rests a hand on the keyboard, presses them unawares.

import { confirmLosing } from "./dialogs.js";

const SWITCH = "alongside-grading-keys";
let areOff = false;

export function startJudging() {
  areOff = kept() === "off" || history.state?.keys === "off";
  document.body.addEventListener("htmx:confirm", onRequest);
  document.body.addEventListener("change", ({ target }) => {
    if (target.matches("[data-single-keys]")) keep(target.checked);
  });
  addEventListener("beforeunload", (event) => {
    if (unsaved().length) event.preventDefault();
  });
}

/** Whether single letters and arrows do something. */
export const keysWork = () => !areOff;

/** Sets the switch of a screen that just came. */
export function showSwitch(place) {
  const box = place.querySelector("[data-single-keys]");
  if (box) box.checked = !areOff;
}

/** Whether the screen may be left: nothing is typed there, or it may be lost. */
export async function mayLeave(button) {
  return !unsaved().length || confirmLosing(button);
}

function unsaved() {
  const place = document.getElementById("grading");
  if (!place || place.hidden) return [];
  const isTyped = (field) => field.type !== "hidden" && field.value !== field.defaultValue;
  return [...place.querySelectorAll("form[data-judging]")].filter((form) =>
    [...form.querySelectorAll("input, textarea")].some(isTyped),
  );
}

/** What one stage saves or asks for brings the whole screen anew: the other stages' words would be gone. */
function onRequest(event) {
  const { elt, target, issueRequest } = event.detail;
  if (event.defaultPrevented || target?.id !== "grading" || !unsaved().some((form) => form !== elt.closest("form"))) return;
  event.preventDefault();
  confirmLosing(elt.querySelector("[type=submit]") ?? elt).then((yes) => yes && issueRequest(true));
}

// A frame may have no storage; then the tab's history remembers it, for as long as the tab is open.
function keep(work) {
  areOff = !work;
  const value = areOff ? "off" : "on";
  history.replaceState({ ...history.state, keys: value }, "");
  try {
    sessionStorage.setItem(SWITCH, value);
  } catch {
    // the history has it
  }
}

function kept() {
  try {
    return sessionStorage.getItem(SWITCH);
  } catch {
    return null;
  }
}
