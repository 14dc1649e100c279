// Reflection: What, So what, Now what, one step at a time; then how it will look, and sharing it.

import { newKey, shareTaken } from "../panel/composers.js";
import { textChanged } from "../panel/drafts.js";
import { announce } from "../panel/live.js";
import { ask } from "../panel/pass.js";
import { clearProblem, showProblem } from "../panel/problems.js";
import { whenTaken } from "../panel/requests.js";
import { words } from "../panel/words.js";

const SHARE = 3;

export function start() {
  const form = document.querySelector(".reflection");
  if (!form) return;
  form.elements.idempotency_key.value ||= newKey();
  whenTaken("reflection", taken);
  form.addEventListener("panel:refused", ({ detail }) => {
    if (detail.code === "step_missing") goToStep(form, 0);
  });
  if (Number(form.dataset.step) === SHARE) showPreview(form);
}

export const acts = {
  step: (button) => goToStep(button.form, Number(button.value)),
  next: (button) => goToStep(button.form, Number(button.form.dataset.step) + 1),
  back: (button) => goToStep(button.form, Number(button.form.dataset.step) - 1),
};

function goToStep(form, number, { quietly = false } = {}) {
  form.dataset.step = number;
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
  shareTaken(form, html);
  for (const field of form.querySelectorAll("textarea, input:not([type=hidden])")) field.value = "";
  goToStep(form, 0, { quietly: true });
}
