// htmx as this page uses it: each request carries the pass, nothing is evaluated, refusals are shown where they
// happened, and what somebody wrote stays until it has arrived.

import htmx from "htmx.org";
import { credentials } from "./pass.js";
import { clearProblem, fromText, showProblem } from "./problems.js";

Object.assign(htmx.config, {
  allowEval: false,
  includeIndicatorStyles: false,
  historyEnabled: false,
  selfRequestsOnly: true,
  timeout: 20_000,
  defaultSettleDelay: 0,
  scrollBehavior: "instant",
});

const arrivals = new Map();

/** `then(form, html)` is called when a form of that composer was taken by the server. */
export function whenTaken(composer, then) {
  arrivals.set(composer, then);
}

export function startHtmx() {
  const { body } = document;
  body.addEventListener("htmx:configRequest", ({ detail }) => {
    Object.assign(detail.headers, credentials());
  });
  body.addEventListener("htmx:beforeRequest", ({ detail }) => clearProblem(placeOf(detail.elt)));
  body.addEventListener("htmx:responseError", ({ detail }) => {
    refuse(detail.elt, fromText(detail.xhr.status, detail.xhr.responseText));
  });
  for (const lost of ["htmx:sendError", "htmx:timeout"]) {
    body.addEventListener(lost, ({ detail }) => refuse(detail.elt, fromText(0, "")));
  }
  body.addEventListener("htmx:afterRequest", ({ detail }) => {
    const then = arrivals.get(detail.elt.dataset?.composer);
    if (then && detail.successful) then(detail.elt, detail.xhr.responseText);
  });
  htmx.process(body);
}

function placeOf(element) {
  return element.closest("form") ?? element.parentElement;
}

function refuse(element, refusal) {
  const place = placeOf(element);
  const form = element.closest("form");
  showProblem(place, refusal, () => (form ? form.requestSubmit() : element.click()));
  if (form) {
    const field = fieldAt(form, refusal);
    const slot = form.querySelector(".problem");
    field?.closest(".writing")?.append(slot);
    field?.setAttribute("aria-invalid", "true");
    (field ?? form.querySelector("textarea:not([hidden])"))?.focus({ preventScroll: true });
    // What is wrong and where, both in sight: coming from below, the words alone would stop at the upper edge.
    slot.scrollIntoView({ block: "nearest" });
    field?.scrollIntoView({ block: "nearest" });
    form.dispatchEvent(new CustomEvent("panel:refused", { detail: refusal, bubbles: true }));
  }
}

function fieldAt(form, { code, fields }) {
  const byCode = { body_missing: "body", text_too_long: "body", title_missing: "title", step_missing: "what" };
  const names = [...Object.keys(fields), byCode[code]];
  return names.map((name) => name && form.elements[name]).find(Boolean);
}
