// The course's people: the screen in the panel's place, and how far the reading of the LMS's list has come.

import htmx from "htmx.org";
import { announce } from "./live.js";
import { ask } from "./pass.js";
import { clearProblem, showProblem } from "./problems.js";
import { counted, words } from "./words.js";

const LOOK_AGAIN = 1500;

let timer = 0;

export const peopleActs = {
  people: openPeople,
  "leave-people": leavePeople,
  "refresh-roster": refresh,
};

const screen = () => document.getElementById("people");

async function openPeople(button) {
  clearProblem(button.closest("header"));
  try {
    const response = await ask("/people");
    const place = screen();
    place.innerHTML = await response.text();
    htmx.process(place);
    place.addEventListener("htmx:afterSettle", listed);
    place.hidden = false;
    document.getElementById("panel").hidden = true;
    place.querySelector("h1").focus();
    lookAgain();
  } catch (refusal) {
    showProblem(button.closest("header"), refusal, () => openPeople(button));
  }
}

/** After a search its outcome is said; after "Show more" the keyboard goes on from the first of them. */
function listed({ detail }) {
  const people = [...screen().querySelectorAll(".person")];
  if (detail.requestConfig?.elt.closest("#more-people")) {
    people.findLast((person) => person.hasAttribute("tabindex"))?.focus({ preventScroll: true });
  } else if (detail.requestConfig?.triggeringEvent) {
    announce(counted("people_listed", people.length));
  }
}

function leavePeople() {
  clearTimeout(timer);
  screen().hidden = true;
  screen().replaceChildren();
  document.getElementById("panel").hidden = false;
  document.querySelector("[data-act=people]")?.focus();
}

async function refresh(button) {
  const state = document.getElementById("people-state");
  button.disabled = true;
  clearProblem(state);
  try {
    const response = await ask("/people/refresh", { method: "POST" });
    show(await response.text());
    document.getElementById("people-heading").focus();
    lookAgain();
  } catch (refusal) {
    button.disabled = false;
    showProblem(state, refusal, () => refresh(button));
  }
}

/** While the list is read, what is said about it is asked for again and again. */
function lookAgain() {
  clearTimeout(timer);
  if (document.querySelector("#people-state [data-busy]")) timer = setTimeout(look, LOOK_AGAIN);
}

async function look() {
  const state = document.querySelector("#people-state [data-mark]");
  if (!state) return;
  try {
    const response = await ask(`/people/progress?seen=${encodeURIComponent(state.dataset.mark)}`);
    if (response.status === 200) show(await response.text());
  } catch {
    // The next look may succeed; nobody waits for this one.
  }
  if (document.querySelector("#people-state [data-mark]")) lookAgain();
}

function show(html) {
  const place = document.getElementById("people-state");
  if (!place) return;
  const wasBusy = place.querySelector("[data-busy]") !== null;
  place.innerHTML = html;
  if (!wasBusy || place.querySelector("[data-busy]")) return;
  const problem = place.querySelector(".problem .sentence");
  announce(problem ? problem.textContent : words("list_read"));
  // The list as it is now, for what is being looked for.
  htmx.trigger(document.querySelector(".people-search"), "submit");
}
