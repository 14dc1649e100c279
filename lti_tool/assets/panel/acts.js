// What the page's buttons do: one listener for all of them, by their `data-act`.

import htmx from "htmx.org";
import { closeComposer, discardDraft, openEdit, openReply, togglePreview } from "./composers.js";
import { askHelp, confirmed } from "./dialogs.js";
import { gradingActs } from "./grading.js";
import { announce } from "./live.js";
import { showReplies, showThreads } from "./news.js";
import { peopleActs } from "./people.js";
import { elementsOf, goTo, idOf, renew, threadOf } from "./places.js";
import { ask } from "./pass.js";
import { clearProblem, showProblem } from "./problems.js";
import { leaveSheet, openSheet, renewed } from "./sheets.js";
import { goToReplies } from "./sight.js";
import { actsOfKind } from "../kinds/index.js";
import { words } from "./words.js";

const ACTS = {
  reply: (button) => openReply(button.closest(".entry"), button, quotation(button.closest(".entry"))),
  "reply-thread": (button) => openReply(threadOf(button).querySelector(".entry"), button),
  edit: (button) => openEdit(button.closest(".entry")),
  remove: (button) => removeEntry(button.closest(".entry"), button),
  react: (button) => react(button.closest(".entry"), button),
  close: (button) => closeComposer(button.closest("form")),
  discard: (button) => discardDraft(button.closest("form"), button),
  preview: togglePreview,
  help: askHelp,
  "show-threads": showThreads,
  "go-to-replies": goToReplies,
  "show-replies": (button) => showReplies(threadOf(button)),
  sheet: openSheet,
  "leave-sheet": leaveSheet,
  download,
  "set-up": openSetUp,
  "leave-set-up": leaveSetUp,
  ...gradingActs,
  ...peopleActs,
};

export function startActs() {
  document.body.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#"]');
    if (link) return jump(event, link);
    const button = event.target.closest("[data-act]");
    const act = button && (ACTS[button.dataset.act] ?? actsOfKind()[button.dataset.act]);
    if (act) act(button);
  });
  document.body.addEventListener("mousedown", rememberSelection);
  let last = null;
  document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (detail.target.id !== "more") return;
    last = [...document.querySelectorAll("#threads .entry")].at(-1);
    // A reply that came meanwhile stands at the end of its thread; the page that follows brings it again.
    for (const [, id] of detail.xhr.responseText.matchAll(/ id="(e-[^"]+)"/g)) document.getElementById(id)?.remove();
  });
  document.body.addEventListener("htmx:afterSettle", ({ detail }) => {
    if (detail.target.id === "content") settledIn();
    if (detail.requestConfig?.triggeringEvent && detail.elt.id === "more") moreShown(last);
  });
}

/** A link within the page moves the focus; a new address would lose the tab's pass at the next reload. */
function jump(event, link) {
  event.preventDefault();
  const target = document.getElementById(link.hash.slice(1));
  if (target) goTo(target);
}

let selected = "";

// By the time of the click the browser may have dropped the selection.
function rememberSelection({ target }) {
  if (!target.closest('[data-act="reply"]')) return;
  const selection = getSelection();
  const text = target.closest(".entry")?.querySelector(".text");
  selected = text && selection.rangeCount && text.contains(selection.anchorNode) ? selection.toString().trim() : "";
}

function quotation() {
  const text = selected;
  selected = "";
  return text ? `${text.split("\n").map((line) => `> ${line}`).join("\n")}\n\n` : "";
}

async function react(article, button) {
  if (button.dataset.busy !== undefined) return;
  button.dataset.busy = "";
  const isOn = button.getAttribute("aria-pressed") === "true";
  await change(article, `/entries/${idOf(article)}/reactions/${button.dataset.kind}`, isOn ? "DELETE" : "PUT", () =>
    react(article, button),
  );
  delete button.dataset.busy;
}

async function removeEntry(article, button) {
  if (!(await confirmed("confirm-remove", button))) return;
  const path = `/entries/${idOf(article)}?version=${article.dataset.version}`;
  const fresh = await change(article, path, "DELETE", () => removeEntry(article, button));
  if (!fresh) return;
  fresh.focus({ preventScroll: true });
  announce(words("removed"));
}

/** Sends a change of one entry and shows the entry as it is then. */
async function change(article, path, method, again) {
  clearProblem(article);
  try {
    const response = await ask(path, { method });
    const fresh = elementsOf(await response.text()).querySelector(".entry");
    renew(article, fresh);
    return fresh;
  } catch (refusal) {
    showProblem(article, refusal, again);
    return null;
  }
}

async function openSetUp(button) {
  const place = document.getElementById("set-up");
  try {
    const response = await ask("/setup");
    place.innerHTML = await response.text();
    htmx.process(place);
    place.hidden = false;
    document.getElementById("panel").hidden = true;
    document.getElementById("sheet").hidden = true;
    place.querySelector("h1").focus();
  } catch (refusal) {
    showProblem(button.closest("header, .sheet-head"), refusal, () => openSetUp(button));
  }
}

function leaveSetUp() {
  document.getElementById("set-up").hidden = true;
  document.getElementById("panel").hidden = false;
  document.querySelector("[data-act=set-up]")?.focus();
}

function settledIn() {
  renewed();
  const heading = document.querySelector("#panel h1");
  heading.tabIndex = -1;
  heading.focus();
  announce(words("saved"));
}

/** A download needs an address of its own, since it carries no pass; it holds for minutes. */
async function download(button) {
  clearProblem(button.parentElement);
  try {
    const response = await ask(button.value, { method: "POST" });
    const link = document.createElement("a");
    Object.assign(link, { href: (await response.json()).url, download: "" });
    link.click();
  } catch (refusal) {
    showProblem(button.parentElement, refusal, () => download(button));
  }
}

function moreShown(last) {
  const all = [...document.querySelectorAll("#threads .entry")];
  all[all.indexOf(last) + 1]?.focus({ preventScroll: true });
  document.body.dispatchEvent(new CustomEvent("panel:placed"));
  announce(words("more_shown"));
}
