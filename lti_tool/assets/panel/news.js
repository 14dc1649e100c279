// News: what others post appears without a reload, and never moves what somebody is reading. A reply whose place is
// below the window's edge simply stands there; otherwise, and for new threads, a quiet button says how many wait. What
// arrives out of sight, a floating button names (sight.js). Where there is nothing yet, the first threads simply come.

import { announce } from "./live.js";
import { elementsOf, goTo, placeReply, placeThread, renew, spotFor, threadOf } from "./places.js";
import { ask, group } from "./pass.js";
import { showProblem } from "./problems.js";
import { hasArrived, startSight, wasReplaced } from "./sight.js";
import { counted } from "./words.js";

const EVERY = 5_000;
const IDLE_AFTER = 3 * 60_000;
const EVERY_IDLE = 20_000;
const EVERY_HIDDEN = 60_000;
const SLOWEST = 120_000;

let cursor = "";
let timer = 0;
let failures = 0;
let lastTouched = Date.now();
let looking = false;
let waitingThreads = [];
// Raised when the page shows something else: what was asked for before belongs to it no more.
let generation = 0;
const waitingReplies = new Map();

export function startNews(from) {
  cursor = from;
  for (const touch of ["pointerdown", "keydown", "scroll", "pointermove"]) {
    addEventListener(touch, touched, { passive: true });
  }
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) look();
  });
  addEventListener("online", look);
  document.body.addEventListener("panel:look", look);
  startSight((element) => (element.matches(".entry") ? goTo(element) : showReplies(threadOf(element))));
  plan();
}

/** The page's content was replaced: what waited stands in it, or is not for it. */
export function restartNews(from) {
  cursor = from;
  generation += 1;
  waitingThreads = [];
  waitingReplies.clear();
}

function touched() {
  const wasIdle = Date.now() - lastTouched > IDLE_AFTER;
  lastTouched = Date.now();
  if (wasIdle) look();
}

function plan() {
  clearTimeout(timer);
  const idle = Date.now() - lastTouched > IDLE_AFTER;
  const calm = document.hidden ? EVERY_HIDDEN : idle ? EVERY_IDLE : EVERY;
  const wait = failures ? Math.min(SLOWEST, Math.max(calm, EVERY * 2 ** failures)) : calm;
  // Spread, so that a class that opened the page at once does not ask at once for ever.
  timer = setTimeout(look, wait * (0.9 + Math.random() * 0.2));
}

async function look() {
  if (looking) return;
  looking = true;
  clearTimeout(timer);
  try {
    let more = true;
    while (more) {
      const asked = generation;
      const { term } = document.getElementById("panel").dataset;
      const response = await ask(`/updates?after=${encodeURIComponent(cursor)}&group=${group()}&term=${term}`);
      const html = response.status === 200 && (await response.text());
      if (asked !== generation) break;
      more = html && take(html);
    }
    failures = 0;
  } catch (refusal) {
    if (refusal.status >= 400 && refusal.status < 500 && refusal.status !== 429) {
      showProblem(document.body, refusal); // the pass ended, or the person left the course: asking again is no use
      return;
    }
    failures += 1;
  } finally {
    looking = false;
  }
  plan();
}

/** Takes in one answer; true when more wait on the server. */
function take(html) {
  const news = elementsOf(html).firstElementChild;
  const before = { threads: waitingThreads.length, replies: countReplies() };
  const isEmpty = !document.querySelector("#list > .thread") && !waitingThreads.length;
  let placed = 0;
  let begun = 0;
  for (const element of [...news.children]) {
    const article = element.matches(".entry") ? element : element.querySelector(".entry");
    const there = document.getElementById(article.id);
    if (there) change(there, article);
    else if (element.matches(".thread")) begun += takeThread(element, isEmpty) ? 1 : 0;
    else if (takeReply(element)) placed += 1;
  }
  cursor = news.dataset.cursor;
  labelThreads();
  sayWhatIsNew(waitingThreads.length - before.threads + begun, countReplies() - before.replies + placed);
  return news.dataset.more !== undefined;
}

function change(old, article) {
  if (old.classList.contains("editing")) {
    old.dataset.stale = "";
    return;
  }
  if (old.dataset.version === article.dataset.version && !hasSelection(old)) {
    // Only reactions or their like: the text and whoever reads it stay untouched.
    const [was, is] = [old.querySelector(":scope > .acts"), article.querySelector(":scope > .acts")];
    if (was && is) return changeReactions(was, is);
  }
  renew(old, article);
  wasReplaced(old, article);
}

function changeReactions(was, is) {
  const [old, fresh] = [was.querySelector(".reactions"), is.querySelector(".reactions")];
  if (!old || !fresh || old.innerHTML === fresh.innerHTML) return;
  for (const [index, button] of [...fresh.children].entries()) {
    const stands = old.children[index];
    if (!stands) continue;
    stands.innerHTML = button.innerHTML;
    stands.setAttribute("aria-pressed", button.getAttribute("aria-pressed"));
  }
}

function hasSelection(element) {
  const selection = getSelection();
  return !selection.isCollapsed && element.contains(selection.anchorNode);
}

/** True when somebody else's thread stands in its place: where there was nothing, it moves nothing. */
function takeThread(section, isEmpty) {
  const article = section.querySelector(".entry");
  const isMine = article.dataset.mine !== undefined;
  if (isMine || isEmpty) return placeThread(section), !isMine;
  waitingThreads = waitingThreads.filter((waiting) => waiting.id !== section.id);
  waitingThreads.push(section);
  return false;
}

/** True when the reply stands in its place. */
function takeReply(article) {
  const behind = waitingThreads.find((section) => section.querySelector(`[id="e-${article.dataset.parent}"]`));
  if (behind) return behind.querySelector(".replies").append(article), false;
  const waitingParent = [...waitingReplies.values()].flat().some((one) => one.id === `e-${article.dataset.parent}`);
  const spot = spotFor(article);
  const isMine = article.dataset.mine !== undefined;
  if (spot && !waitingParent && (isMine || isBelow(spot))) {
    if (placeReply(article) && !isMine) hasArrived(article);
    return true;
  }
  const thread = spot ? spot.replies.closest(".thread") : threadOfWaiting(article);
  if (!thread) return false; // in a thread further back: it stands there when that is shown
  const waiting = (waitingReplies.get(thread.id) ?? []).filter((one) => one.id !== article.id);
  waitingReplies.set(thread.id, [...waiting, article]);
  labelReplies(thread);
  return false;
}

function threadOfWaiting(article) {
  for (const [id, waiting] of waitingReplies) {
    if (waiting.some((one) => one.id === `e-${article.dataset.parent}`)) return document.getElementById(id);
  }
  return null;
}

/** Whether what is put there moves nothing that can be seen. */
function isBelow({ replies, before }) {
  const edge = before ?? replies.nextElementSibling ?? replies;
  return edge.getBoundingClientRect().top >= innerHeight;
}

function countReplies() {
  return [...waitingReplies.values()].reduce((sum, waiting) => sum + waiting.length, 0);
}

function labelThreads() {
  const button = document.getElementById("arrivals");
  const kind = document.getElementById("panel").dataset.kind;
  button.hidden = !waitingThreads.length;
  button.textContent = newThreads(kind, waitingThreads.length);
}

function newThreads(kind, number) {
  return counted(kind === "reflection" ? "new_reflections" : "new_threads", number);
}

function labelReplies(thread) {
  const button = thread.querySelector(".fresh");
  const waiting = waitingReplies.get(thread.id) ?? [];
  button.hidden = !waiting.length;
  button.textContent = counted("new_replies", waiting.length);
  hasArrived(button, waiting.length);
}

function sayWhatIsNew(threads, replies) {
  const kind = document.getElementById("panel").dataset.kind;
  const parts = [threads && newThreads(kind, threads), replies && counted("new_replies", replies)];
  const said = parts.filter(Boolean).join(", ");
  if (said) announce(said);
}

export function showThreads() {
  const shown = waitingThreads;
  waitingThreads = [];
  for (const section of shown) placeThread(section);
  labelThreads();
  focusOn(shown.at(-1)?.querySelector(".entry"));
}

export function showReplies(thread) {
  const shown = waitingReplies.get(thread.id) ?? [];
  waitingReplies.delete(thread.id);
  for (const article of shown) placeReply(article);
  labelReplies(thread);
  focusOn(shown[0]);
}

function focusOn(article) {
  if (!article) return;
  article.focus({ preventScroll: true });
  article.scrollIntoView({ block: "nearest" });
}
