// What was refused, and saying so near where it happened: one sentence, and what to do next.

import { words } from "./words.js";

/** A refusal as the server's problem+json says it, or one of the page's own: `offline`, `posted_before`. */
export class Refused extends Error {
  constructor({ code, status = 0, title = "", detail = "", trace_id = "", errors = {} }) {
    super(code);
    Object.assign(this, { code, status, title, detail, trace: trace_id, fields: errors });
  }

  get isPassing() {
    return this.code === "offline" || this.status === 429 || this.status >= 500;
  }
}

/** @param {Response} response */
export async function refusalOf(response) {
  return fromText(response.status, await response.text().catch(() => ""));
}

/** A proxy on the way may answer with something that is no problem+json. */
export function fromText(status, text) {
  try {
    const problem = JSON.parse(text);
    if (problem && problem.code) return new Refused({ ...problem, status });
  } catch {
    // not ours
  }
  return new Refused({ code: status ? "unexpected" : "offline", status });
}

/**
 * Shows `refusal` in the `.problem` of `place`. `again`: what "Try again" does, where trying again can help.
 */
export function showProblem(place, refusal, again = null) {
  const slot = slotOf(place);
  const [sentence, step] = wordsFor(refusal);
  slot.replaceChildren(paragraph("sentence", sentence), paragraph("step", step));
  if (refusal.trace && refusal.status >= 500) {
    slot.append(paragraph("trace", words("number").replace("{id}", refusal.trace)));
  }
  if (again && refusal.isPassing) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "second", textContent: words("try_again") });
    button.addEventListener("click", () => {
      clearProblem(place);
      again();
    });
    slot.append(button);
  }
  slot.hidden = false;
}

export function clearProblem(place) {
  const slot = givenSlot(place);
  if (slot) {
    slot.hidden = true;
    slot.replaceChildren();
  }
  for (const field of place.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
}

function givenSlot(place) {
  if (place === document.body) return document.getElementById("page-problem");
  return place.querySelector(place.localName === "form" ? ".problem" : ":scope > .problem");
}

function slotOf(place) {
  let slot = givenSlot(place);
  if (!slot) {
    slot = Object.assign(document.createElement("div"), { className: "problem", hidden: true });
    slot.setAttribute("role", "alert");
    place.append(slot);
  }
  return slot;
}

function wordsFor(refusal) {
  if (refusal.code === "token_expired" || refusal.code === "token_invalid") return words("expired");
  if (refusal.code === "idempotency_key_reused") return words("posted_before");
  if (refusal.title) return [refusal.title, refusal.detail];
  return words("offline");
}

function paragraph(className, text) {
  return Object.assign(document.createElement("p"), { className, textContent: text });
}
