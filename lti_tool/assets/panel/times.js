// Times: how long ago, kept up to date, and the exact one in the person's own zone for whoever points at it.

import { words } from "./words.js";

const UNITS = [
  ["minute", 60, 3600],
  ["hour", 3600, 86_400],
  ["day", 86_400, 604_800],
];

export function startTimes(language, zone) {
  const exact = exactly(language, zone);
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "always" });
  const inFull = inOwn(language);
  const complete = () => {
    for (const time of document.querySelectorAll("time[data-sentence]")) {
      const text = time.dataset.sentence.replace("{when}", inFull.format(new Date(time.dateTime)));
      if (text !== time.textContent) time.textContent = text;
    }
    for (const time of document.querySelectorAll(".by time:not([title])")) {
      time.title = exact.format(new Date(time.dateTime));
    }
  };
  const age = () => {
    for (const time of document.querySelectorAll(".by time")) {
      const text = since(relative, (Date.now() - Date.parse(time.dateTime)) / 1000);
      if (text && text !== time.textContent) time.textContent = text;
    }
  };
  complete();
  document.body.addEventListener("panel:placed", complete);
  setInterval(age, 60_000);
}

/** For dates that the server could not write in the reader's own time. */
function inOwn(language) {
  return new Intl.DateTimeFormat(language, { dateStyle: "long", timeStyle: "short" });
}

function exactly(language, zone) {
  const options = { dateStyle: "full", timeStyle: "short" };
  try {
    return new Intl.DateTimeFormat(language, { ...options, timeZone: zone ?? undefined });
  } catch {
    return new Intl.DateTimeFormat(language, options); // an LMS's name for a zone that browsers do not know
  }
}

/** Nothing for what is older than a week: the day that the server wrote stays right. */
function since(relative, seconds) {
  if (seconds < 45) return words("just_now");
  const unit = UNITS.find(([, , most]) => seconds < most);
  return unit && relative.format(-Math.max(1, Math.floor(seconds / unit[1])), unit[0]);
}
