// The live record: reads the sandbox's list of statements, newest first, and adds what is new on top.

const PAUSE = 3000;
const LONGEST_PAUSE = 15000;

const place = document.querySelector("[data-statements]");
const word = place.querySelector(".statements-word");
const list = place.querySelector(".statements-list");
const drawer = place.closest("#record");
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const shown = new Set();
let pause = PAUSE;
let first = true;
let waiting;

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function line(statement) {
  const item = element("li", first ? "" : "fresh");
  const told = element("p", "told");
  told.append(
    element("strong", "", statement.who), " ",
    element("span", "verb", statement.verb), " ",
    element("span", "object", statement.object),
  );
  const when = element("time");
  const time = new Date(statement.time);
  if (!Number.isNaN(time.getTime())) {
    when.dateTime = statement.time;
    when.textContent = clock.format(time);
    when.title = day.format(time);
  }
  const raw = element("details");
  raw.append(element("summary", "", place.dataset.raw));
  raw.addEventListener("toggle", () => {
    if (raw.open && !raw.querySelector("pre")) {
      const code = element("pre", "", JSON.stringify(statement.raw, null, 2));
      code.tabIndex = 0;
      raw.append(code);
    }
  });
  item.append(told, when, raw);
  return item;
}

function say(sentence, detail) {
  const said = detail ? `${sentence} (${detail})` : sentence;
  word.hidden = !said;
  // Only a change is written, so that a screen reader hears it once.
  if (word.textContent !== said) word.textContent = said;
}

function show(reading) {
  if (reading.state !== "reading") {
    say(place.dataset[reading.state.replace(/_./g, (m) => m[1].toUpperCase())], reading.detail);
    return;
  }
  const present = new Set(reading.statements.map((statement) => statement.id));
  if (shown.size && ![...shown].some((id) => present.has(id))) {
    // Nothing in common with before: another store, or an emptied one.
    shown.clear();
    list.replaceChildren();
  }
  const fresh = reading.statements.filter((statement) => !shown.has(statement.id));
  list.prepend(...fresh.map(line));
  fresh.forEach((statement) => shown.add(statement.id));
  say(shown.size ? "" : place.dataset.readingEmpty);
  first = false;
}

async function look() {
  clearTimeout(waiting);
  const seen = !document.hidden && !drawer?.inert;
  if (seen) {
    try {
      const answer = await fetch(place.dataset.statements, { cache: "no-cache" });
      show(await answer.json());
      pause = PAUSE;
    } catch {
      say(place.dataset.offline);
      pause = Math.min(pause * 1.5, LONGEST_PAUSE);
    }
  }
  clearTimeout(waiting);
  waiting = setTimeout(look, pause);
}

document.addEventListener("visibilitychange", () => document.hidden || look());
drawer?.addEventListener("record-switched", (event) => event.detail.open && look());
look();
