// What stands in place of the panel for a while: groups, terms, one's own contributions. And the panel's content
// itself, when it is to be shown anew: of another group, or after something was changed.

import htmx from "htmx.org";
import { startKind } from "../kinds/index.js";
import { announce } from "./live.js";
import { restartNews } from "./news.js";
import { ask, group, holdGroup } from "./pass.js";
import { clearProblem, showProblem } from "./problems.js";
import { words } from "./words.js";

let opener = "";

export function startSheets() {
  document.body.addEventListener("change", ({ target }) => {
    if (target.matches("[data-place]")) showGroup(target);
  });
  document.body.addEventListener("htmx:afterSettle", ({ detail }) => {
    if (detail.target.id === "sheet") arrived(detail.target);
  });
}

/** `button.value`: the sheet's address below the panel's. */
export async function openSheet(button) {
  const sheet = document.getElementById("sheet");
  if (sheet.hidden) opener = button.value;
  clearProblem(document.body);
  try {
    const response = await ask(button.value);
    sheet.innerHTML = await response.text();
    htmx.process(sheet);
    sheet.hidden = false;
    document.getElementById("panel").hidden = true;
    document.getElementById("set-up").hidden = true;
    arrived(sheet);
  } catch (refusal) {
    showProblem(document.body, refusal, () => openSheet(button));
  }
}

function arrived(sheet) {
  if (sheet.querySelector("[data-picture]")) draw(sheet);
  const heading = sheet.querySelector("h1");
  if (!heading) return;
  heading.tabIndex = -1;
  heading.focus();
  if (sheet.firstElementChild.dataset.said) announce(sheet.firstElementChild.dataset.said);
}

/** Pictures need a library that no other page does: it comes with the first of them. */
async function draw(sheet) {
  const { drawAll } = await import("../reports/pictures.js");
  drawAll(sheet);
}

/** Back to the panel, as it is by now. */
export async function leaveSheet() {
  if (await reload(group())) document.querySelector(`[data-act=sheet][value="${opener}"]`)?.focus();
}

async function showGroup(select) {
  const before = group();
  const name = select.selectedOptions[0].textContent;
  if (!(await reload(select.value))) {
    select.value = before;
    return;
  }
  document.querySelector("[data-place]")?.focus();
  announce(words("showing").replace("{group}", name));
}

/** The panel's content anew, of this group where there is one; whether that worked. */
export async function reload(of) {
  clearProblem(document.body);
  try {
    const response = await ask(`/content?group=${of}`);
    const content = document.getElementById("content");
    content.innerHTML = await response.text();
    htmx.process(content);
    renewed();
    return true;
  } catch (refusal) {
    showProblem(document.body, refusal, () => reload(of));
    return false;
  }
}

/** The content is another one: brings it to life. */
export function renewed() {
  const { dataset } = document.getElementById("panel");
  holdGroup(dataset.group ?? "");
  restartNews(dataset.cursor);
  startKind();
  document.body.dispatchEvent(new CustomEvent("panel:placed"));
}

/** How the group looked at is called, or nothing. */
export function nameOfGroup() {
  const select = document.querySelector("[data-place]");
  return select ? select.selectedOptions[0].textContent : document.querySelector("[data-place-name]")?.textContent;
}
