// For how long threads are really read: while their entries are in sight, the tab is shown, and somebody is there.
// Only counts; `reading.js` says it to the server.

const TICK = 1000;
// A tick that comes later than this was held back, by sleep for instance: what passed meanwhile was not read.
const LATEST = 5000;
// Who neither moves, types nor scrolls for so long has gone.
const GONE_AFTER = 60_000;
const SIGNS = ["pointermove", "pointerdown", "keydown", "wheel", "scroll", "touchmove"];
// In seconds: told then, lest it be lost with the page.
const MUCH = 300;
const MOSTLY = 0.6;
const STEPS = Array.from({ length: 31 }, (_, step) => (step * MOSTLY) / 30);

// Thread → how many of its entries are in sight; thread → milliseconds that were not told yet.
const inSight = new Map();
const untold = new Map();
const seen = new WeakMap();
let lastSign = 0;
let lastTick = 0;
let tell = () => {};

/** `tellNow()` is called when whoever read has gone without closing the page, and when much was not told yet. */
export function startDwelling(tellNow) {
  tell = tellNow;
  const watcher = new IntersectionObserver(look, { threshold: STEPS });
  const watch = () => {
    for (const article of document.querySelectorAll(".thread .entry:not([data-timed])")) {
      article.dataset.timed = "";
      watcher.observe(article);
    }
  };
  const note = () => (lastSign = performance.now());
  for (const sign of SIGNS) addEventListener(sign, note, { passive: true, capture: true });
  document.body.addEventListener("panel:placed", watch);
  lastSign = lastTick = performance.now();
  setInterval(tick, TICK);
  watch();
}

function look(changes) {
  // How much of the course's page can be seen, a frame of another site is not told.
  const sight = Math.min(innerHeight, screen.availHeight);
  for (const { target, intersectionRatio, intersectionRect } of changes) {
    // One that has gone from the page is out of sight, and still has to be counted out of its thread.
    const thread = seen.get(target) ?? target.closest(".thread")?.id.slice(2);
    const isSeen = intersectionRatio >= MOSTLY || intersectionRect.height > sight / 2;
    if (!thread || isSeen === seen.has(target)) continue;
    const number = (inSight.get(thread) ?? 0) + (isSeen ? 1 : -1);
    if (isSeen) seen.set(target, thread);
    else seen.delete(target);
    if (number > 0) inSight.set(thread, number);
    else inSight.delete(thread);
  }
}

function tick() {
  const now = performance.now();
  const passed = now - lastTick;
  const wasHere = lastTick - lastSign < GONE_AFTER;
  lastTick = now;
  if (document.hidden || passed > LATEST || !wasHere) return;
  // Nobody reads two threads at once: what passed is shared among those in sight.
  for (const thread of inSight.keys()) untold.set(thread, (untold.get(thread) ?? 0) + passed / inSight.size);
  if (now - lastSign >= GONE_AFTER || longestUntold() >= MUCH) tell();
}

/** The longest time of a thread that was not told yet, in seconds. */
export function longestUntold() {
  return Math.max(0, ...untold.values()) / 1000;
}

/** The times that were not told yet, as the server takes them; they count as told then. */
export function takeTimes(most) {
  const times = [];
  for (const [thread, passed] of untold) {
    const seconds = Math.floor(passed / 1000);
    if (!seconds) continue;
    if (times.length === most) break;
    times.push({ thread, seconds });
    untold.set(thread, passed - seconds * 1000);
  }
  return times;
}
