// A panel that is not open yet opens by itself, for those who wait at its door.

import { group } from "./pass.js";
import { reload } from "./sheets.js";

// Timers hold no longer than some days, and a laptop may sleep: looked at again now and then.
const LONGEST = 3_600_000;
// Where the person's clock is ahead of ours.
const AGAIN = 30_000;
// A class that waits together does not come in at the same moment.
const SPREAD = 3000;

let timer = 0;

export function startHours() {
  wait();
  document.body.addEventListener("panel:placed", wait);
}

function wait() {
  clearTimeout(timer);
  const door = document.querySelector("[data-opens-at]");
  if (!door) return;
  const left = Date.parse(door.dataset.opensAt) - Date.now();
  const delay = (left > 0 ? left : AGAIN) + Math.random() * SPREAD;
  timer = setTimeout(delay > LONGEST ? wait : () => reload(group()), Math.min(delay, LONGEST));
}
