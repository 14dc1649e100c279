// How far somebody has read: an entry that stood in sight for a moment was seen. Sent now and then, many at once, and
// with it for how long threads were read.

import { longestUntold, startDwelling, takeTimes } from "./dwelling.js";
import { askApi } from "./pass.js";
import { idOf, threadOf } from "./places.js";

const DWELL = 900;
const PAUSE = 3000;
const MOST = 200;
const MOST_TIMES = 50;
// In seconds: less alone is not worth a request.
const WORTH = 3;
const MOSTLY = 0.6;
// A text that is longer than the window is never in sight as a whole: asked again as more of it comes.
const STEPS = Array.from({ length: 31 }, (_, step) => (step * MOSTLY) / 30);

const inSight = new Map();
// Thread → what was seen of it on this page: the server notes no more than has no gap, and takes it again later.
const seen = new Map();
const untold = new Set();
let timer = 0;

export function startReading() {
  const watcher = new IntersectionObserver(look, { threshold: STEPS });
  const watch = () => {
    for (const article of document.querySelectorAll(".entry.unread:not([data-watched])")) {
      article.dataset.watched = "";
      watcher.observe(article);
    }
  };
  function look(changes) {
    // How much of the course's page can be seen, a frame of another site is not told.
    const sight = Math.min(innerHeight, screen.availHeight);
    for (const { target, intersectionRatio, intersectionRect } of changes) {
      const isSeen = intersectionRatio >= MOSTLY || intersectionRect.height > sight / 2;
      if (isSeen === inSight.has(target)) continue;
      clearTimeout(inSight.get(target));
      if (isSeen) inSight.set(target, setTimeout(() => note(target, watcher), DWELL));
      else inSight.delete(target);
    }
  }
  document.body.addEventListener("panel:placed", watch);
  addEventListener("pagehide", () => send(true));
  document.addEventListener("visibilitychange", () => document.hidden && send(true));
  startDwelling(send);
  watch();
}

function note(article, watcher) {
  inSight.delete(article);
  if (document.hidden || !article.isConnected) return;
  watcher.unobserve(article);
  const thread = threadOf(article).id;
  seen.set(thread, [...(seen.get(thread) ?? []), idOf(article)]);
  untold.add(thread);
  clearTimeout(timer);
  timer = setTimeout(send, PAUSE);
}

/** As many threads as fit into one request, with all that was seen of each. */
function nextToTell() {
  const entries = [];
  for (const thread of untold) {
    const ids = seen.get(thread).slice(-MOST);
    if (entries.length + ids.length > MOST) break;
    entries.push(...ids);
    untold.delete(thread);
  }
  return entries;
}

async function send(closing = false) {
  clearTimeout(timer);
  const entries = nextToTell();
  if (!entries.length && longestUntold() < WORTH) return;
  const reading = takeTimes(MOST_TIMES);
  try {
    await askApi("/read", { method: "POST", json: { entries, reading }, keepalive: closing === true });
  } catch {
    // Not worth a word: what was not noted is shown as new once more. Times are not told again, for they may have
    // arrived, and rather too little is noted than too much.
  }
  if (untold.size) timer = setTimeout(send, PAUSE);
}
