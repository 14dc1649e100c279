// Drafts: what somebody is writing is kept on the server while they write, and at the latest when the frame closes.

import { askApi } from "./pass.js";
import { words } from "./words.js";

const PAUSE = 1200;
const LONGEST_WAIT = 3000;
const FIELDS = ["title", "body", "what", "so_what", "now_what"];

let kept = new Map();
const keepers = new WeakMap();
const waiting = new Set();

export function holdDrafts(drafts) {
  kept = new Map(Object.entries(drafts ?? {}));
}

/** What was written about something before, or undefined. `about`: as the server names drafts. */
export function keptDraft(about) {
  return kept.get(about);
}

/** What a composer's draft is about. */
function aboutOf(form) {
  const kind = form.dataset.composer;
  if (kind === "reply") return `reply:${form.elements.parent_id.value}`;
  if (kind === "edit") return `edit:${form.closest(".entry").id.slice(2)}`;
  return kind;
}

/** Notes that the text changed: it is kept when the writer pauses. */
export function textChanged(form) {
  keeperOf(form).changed();
}

/** Waits until nothing of this form is on its way, and keeps nothing more: it is being posted. */
export async function settle(form) {
  await keeperOf(form).settle();
}

/** Goes on keeping: posting did not work. */
export function resume(form) {
  keeperOf(form).resume();
}

/** The server dropped the draft when it took the text. */
export function forget(form) {
  const keeper = keeperOf(form);
  kept.delete(keeper.about);
  keeper.rest();
}

/** Closes a form: its text is kept at once, or, where none is left, nothing of it. */
export function keepNow(form) {
  const keeper = keeperOf(form);
  if (!keeper.hasText && !kept.has(keeper.about)) return;
  keeper.changed();
  keeper.keep();
}

/** Lets go of what was written, here and on the server. Throws Refused where that could not be told. */
export async function discard(form) {
  const keeper = keeperOf(form);
  await keeper.settle();
  await askApi(`/drafts/${keeper.about}`, { method: "DELETE" });
  kept.delete(keeper.about);
}

/** Whether there is something of the person's own in it. */
export function isWritten(form) {
  const keeper = keeperOf(form);
  if (kept.has(keeper.about) || form.dataset.composer !== "edit") return keeper.hasText || kept.has(keeper.about);
  return FIELDS.some((name) => form.elements[name] && form.elements[name].value !== form.elements[name].defaultValue);
}

function keeperOf(form) {
  if (!keepers.has(form)) keepers.set(form, new Keeper(form));
  return keepers.get(form);
}

class Keeper {
  constructor(form) {
    this.form = form;
    this.about = aboutOf(form);
    this.timer = 0;
    this.sending = null;
    this.isPosting = false;
  }

  get hasText() {
    return fieldsOf(this.form) !== null;
  }

  changed() {
    if (this.isPosting) return;
    clearTimeout(this.timer);
    waiting.add(this);
    this.say("");
    this.timer = setTimeout(() => this.keep(), PAUSE);
  }

  async keep({ closing = false } = {}) {
    clearTimeout(this.timer);
    if (this.isPosting || !waiting.delete(this)) return;
    const { about } = this;
    const fields = fieldsOf(this.form);
    if (fields) kept.set(about, fields);
    else kept.delete(about);
    const json = fields ?? undefined;
    // What is sent while a page closes may have 64 KB; a longer text was kept at the last pause.
    const keepalive = closing && JSON.stringify(json ?? "").length < 60_000;
    const after = closing ? Promise.resolve() : this.sending ?? Promise.resolve();
    this.sending = after
      .catch(() => {})
      .then(() => askApi(`/drafts/${about}`, { method: fields ? "PUT" : "DELETE", json, keepalive }))
      .then(
        () => this.say(fields ? words("draft_saved") : ""),
        () => {
          this.say(words("draft_not_saved"));
          this.again();
        },
      );
    await this.sending;
  }

  again() {
    if (this.isPosting) return;
    waiting.add(this);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.keep(), 10 * PAUSE);
  }

  async settle() {
    this.isPosting = true;
    this.rest();
    await Promise.race([this.sending, new Promise((resolve) => setTimeout(resolve, LONGEST_WAIT))]);
  }

  resume() {
    this.isPosting = false;
    waiting.add(this);
    this.timer = setTimeout(() => this.keep(), PAUSE);
  }

  rest() {
    clearTimeout(this.timer);
    waiting.delete(this);
    this.say("");
  }

  say(text) {
    const place = this.form.querySelector("[data-kept]");
    if (place) place.textContent = text;
  }
}

/** The fields of a composer, or null where nothing is written. */
function fieldsOf(form) {
  const fields = {};
  for (const name of FIELDS) {
    const value = form.elements[name]?.value;
    if (value) fields[name] = value;
  }
  // In an edit, no text at all is a change too: only closing the form forgets it.
  if (!Object.values(fields).some((value) => value.trim())) return null;
  if (form.elements.idempotency_key) fields.key = form.elements.idempotency_key.value;
  if (form.dataset.step) fields.step = Number(form.dataset.step);
  return fields;
}

function keepAll() {
  for (const keeper of [...waiting]) keeper.keep({ closing: true });
}

addEventListener("pagehide", keepAll);
document.addEventListener("visibilitychange", () => {
  if (document.hidden) keepAll();
});
