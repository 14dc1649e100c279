// Replies that have arrived where nobody looks: above or below what can be seen. A floating button says how many, and
// leads to the first of them.

import { counted } from "./words.js";

const ENOUGH = 80;
const STEPS = [0, 0.05, 0.1, 0.2, 0.35, 0.5];

// Element → how many replies it stands for: a reply for itself, a thread's button for those that wait behind it.
const unseen = new Map();
const outside = new Set();
const watcher = new IntersectionObserver(look, { threshold: STEPS });
let go = () => {};
let drawing = false;

/** `lead(element)` is called when somebody wants to be led to what is out of sight. */
export function startSight(lead) {
  go = lead;
  addEventListener("scroll", draw, { passive: true });
}

/** Notes that an element has come that stands for so many replies; 0 where it no longer does. */
export function hasArrived(element, replies = 1) {
  watcher.unobserve(element);
  outside.delete(element);
  if (replies) {
    unseen.set(element, replies);
    watcher.observe(element); // which says at once whether it is in sight
  } else {
    unseen.delete(element);
    draw();
  }
}

/** An entry has been replaced by its next version. */
export function wasReplaced(old, fresh) {
  if (!unseen.has(old)) return;
  hasArrived(old, 0);
  hasArrived(fresh);
}

export function goToReplies() {
  const first = firstOutside();
  if (first) go(first);
}

function look(changes) {
  for (const { target, isIntersecting, intersectionRatio, intersectionRect } of changes) {
    if (!unseen.has(target)) continue;
    const isSeen = isIntersecting && (intersectionRatio >= 0.5 || intersectionRect.height >= ENOUGH);
    if (isSeen) {
      unseen.delete(target);
      outside.delete(target);
      watcher.unobserve(target);
    } else outside.add(target);
  }
  draw();
}

function firstOutside() {
  const standing = [...outside].filter((element) => element.isConnected);
  return standing.reduce((first, one) => (first && isBefore(first, one) ? first : one), null);
}

function isBefore(one, other) {
  return Boolean(one.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING);
}

function draw() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    const button = document.getElementById("arrived-replies");
    const first = firstOutside();
    button.hidden = !first;
    if (!first) return;
    const number = [...outside].reduce((sum, one) => sum + (one.isConnected ? unseen.get(one) : 0), 0);
    const arrow = first.getBoundingClientRect().top < 0 ? "↑" : "↓";
    const text = `${counted("new_replies", number)} ${arrow}`;
    if (button.textContent !== text) button.textContent = text;
  });
}
