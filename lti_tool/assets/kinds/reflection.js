// Reflection: What, So what, Now what, one step at a time; then how it will look, and sharing it.

import { newKey, shareTaken } from "../panel/composers.js";
import { isWritten, textChanged } from "../panel/drafts.js";
import { announce } from "../panel/live.js";
import { ask } from "../panel/pass.js";
import { elementsOf } from "../panel/places.js";
import { clearProblem, showProblem } from "../panel/problems.js";
import { whenTaken } from "../panel/requests.js";
import { words } from "../panel/words.js";

const SHARE = 3;
const STEPS = ["what", "so_what", "now_what"];

export function start() {
  const form = document.querySelector(".reflection");
  if (!form) return;
  form.elements.idempotency_key.value ||= newKey();
  whenTaken("reflection", taken);
  form.addEventListener("panel:refused", ({ detail }) => {
    if (detail.code === "step_missing") goToStep(form, 0);
  });
  form.addEventListener("input", () => markWritten(form));
  form.addEventListener("panel:cleared", () => goToStep(form, 0, { quietly: true }));
  if (Number(form.dataset.step) === SHARE) showPreview(form);
}

/** Which steps have something in them; and what has nothing at all cannot be discarded. */
function markWritten(form) {
  for (const [number, name] of STEPS.entries()) {
    const mark = form.querySelector(`[data-mark="${number}"] .written`);
    mark.hidden = !form.elements[name].value.trim();
  }
  form.querySelector("[data-act=discard]").hidden = !isWritten(form);
}

export const acts = {
  step: (button) => goToStep(button.form, Number(button.value)),
  next: (button) => goToStep(button.form, Number(button.form.dataset.step) + 1),
  another: () => offerNext(null),
  back: (button) => goToStep(button.form, Number(button.form.dataset.step) - 1),
};

function goToStep(form, number, { quietly = false } = {}) {
  form.dataset.step = number;
  markWritten(form);
  for (const part of form.querySelectorAll(".step")) part.hidden = Number(part.dataset.stepOf) !== number;
  for (const mark of form.querySelectorAll("[data-mark]")) {
    if (Number(mark.dataset.mark) === number) mark.setAttribute("aria-current", "step");
    else mark.removeAttribute("aria-current");
  }
  form.querySelector("[data-act=back]").hidden = number === 0;
  form.querySelector("[data-act=next]").hidden = number === SHARE;
  form.querySelector("[type=submit]").hidden = number !== SHARE;
  if (number === SHARE) showPreview(form);
  if (quietly) return;
  textChanged(form);
  form.querySelector(`[data-step-of="${number}"] :is(textarea, input)`).focus();
  announce(words("step").replace("{n}", number + 1).replace("{of}", SHARE + 1));
}

async function showPreview(form) {
  const preview = form.querySelector(".preview");
  clearProblem(form);
  try {
    const response = await ask("/reflection/preview", { method: "POST", form: new URLSearchParams(new FormData(form)) });
    preview.innerHTML = await response.text();
    if (!preview.innerHTML) preview.textContent = words("preview_empty");
  } catch (refusal) {
    showProblem(form, refusal, () => showPreview(form));
  }
}

function taken(form, html) {
  offerNext(elementsOf(html).querySelector(".entry").id);
  shareTaken(form, html);
}

/** In place of an empty form, which looks as if nothing had been written: what was shared, and another one if wanted. */
function offerNext(shared) {
  const form = document.querySelector(".reflection");
  const offer = document.getElementById("after-sharing");
  form.hidden = Boolean(shared);
  offer.hidden = !shared;
  if (!shared) return form.elements.what.focus();
  offer.querySelector("[data-said]").textContent = words("shared_just_now");
  offer.querySelector("a").setAttribute("href", `#${shared}`);
}
