// How far somebody has read: an entry that stood in sight for a moment was seen. Sent now and then, many at once.

import { ask } from "./pass.js";
import { threadOf } from "./places.js";

const DWELL = 900;
const PAUSE = 3000;

const inSight = new Map();
let seen = {};
let timer = 0;

export function startReading() {
  const watcher = new IntersectionObserver(look, { threshold: [0, 0.6] });
  const watch = () => {
    for (const article of document.querySelectorAll(".entry.unread:not([data-watched])")) {
      article.dataset.watched = "";
      watcher.observe(article);
    }
  };
  function look(changes) {
    for (const { target, isIntersecting, intersectionRatio, intersectionRect, rootBounds } of changes) {
      const fills = rootBounds && intersectionRect.height > rootBounds.height / 2;
      clearTimeout(inSight.get(target));
      if (!isIntersecting || (intersectionRatio < 0.6 && !fills)) continue;
      inSight.set(target, setTimeout(() => note(target, watcher), DWELL));
    }
  }
  document.body.addEventListener("panel:placed", watch);
  addEventListener("pagehide", () => send(true));
  watch();
}

function note(article, watcher) {
  if (document.hidden || !article.isConnected) return;
  watcher.unobserve(article);
  const thread = threadOf(article).id.slice(2);
  seen[thread] = Math.max(seen[thread] ?? 0, Number(article.dataset.seq));
  clearTimeout(timer);
  timer = setTimeout(send, PAUSE);
}

async function send(closing = false) {
  clearTimeout(timer);
  const read = Object.fromEntries(Object.entries(seen).slice(0, 100));
  if (!Object.keys(read).length) return;
  seen = Object.fromEntries(Object.entries(seen).slice(100));
  try {
    await ask("/read", { method: "POST", json: { read }, keepalive: closing === true });
  } catch {
    // Not worth a word: what was not noted is shown as new once more.
  }
}
