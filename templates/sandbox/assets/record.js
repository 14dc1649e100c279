// The live record: reads the sandbox's list of statements, newest first, and adds what is new on top. Views that follow
// each other are folded into one line, so that what people did stands before what they only looked at.

const PAUSE = 3000;
const LONGEST_PAUSE = 15000;

const place = document.querySelector("[data-statements]");
const word = place.querySelector(".statements-word");
const list = place.querySelector(".statements-list");
const drawer = place.closest("#record");
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const dated = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
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
  );
  if (statement.whom) told.append(element("strong", "", statement.whom));
  if (statement.whom || !statement.is_view) told.append(" · ");
  told.append(element("span", "object", statement.object));
  const when = at(statement);
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

/** The time of day; with the date where that is not today's. */
function at(statement) {
  const when = element("time");
  const time = new Date(statement.time);
  if (Number.isNaN(time.getTime())) return when;
  const isToday = time.toDateString() === new Date().toDateString();
  when.dateTime = statement.time;
  when.textContent = (isToday ? clock : dated).format(time);
  when.title = day.format(time);
  return when;
}

/** Puts a statement on top: a view behind the line of the views before it, where one stands there. */
function add(statement) {
  if (!statement.is_view) return list.prepend(line(statement));
  let fold = list.firstElementChild;
  if (!fold?.matches(".views")) {
    fold = element("li", "views");
    const views = element("details");
    views.append(element("summary"), element("ol"));
    fold.append(element("p", "told"), element("time"), views);
    fold.statements = [];
    list.prepend(fold);
  }
  fold.statements.unshift(statement);
  fold.querySelector("ol").prepend(line(statement));
  const who = [...new Set(fold.statements.map((one) => one.who))];
  const what = [...new Set(fold.statements.map((one) => one.object))];
  const told = fold.querySelector(".told");
  told.replaceChildren(element("strong", "", who.slice(0, 3).join(", ")), " ");
  if (who.length > 3) told.append(counted("more", who.length - 3), " ");
  told.append(
    element("span", "verb", statement.verb), " ",
    element("span", "object", what.length > 1 ? counted("panels", what.length) : what[0]),
  );
  fold.querySelector("summary").textContent = counted(fold.statements.length > 1 ? "views" : "view", fold.statements.length);
  fold.querySelector(":scope > time").replaceWith(at(statement));
}

function counted(name, number) {
  return place.dataset[name].replace("{n}", number);
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
  fresh.toReversed().forEach(add);
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
