// Where entries stand: finding them, putting a new one into thread order, changing one for its next version.

import { keptDraft } from "./drafts.js";
import { words } from "./words.js";

/** The elements of a fragment of HTML. */
export function elementsOf(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}

export function entryById(id) {
  return document.getElementById(`e-${id}`);
}

export function idOf(article) {
  return article.id.slice(2);
}

export function threadOf(element) {
  return element.closest(".thread");
}

/** A new thread stands above the others. */
export function placeThread(section) {
  document.getElementById("list").prepend(section);
  document.getElementById("empty").hidden = true;
  document.getElementById("threads-heading").classList.remove("visually-hidden");
  dress(section);
}

/**
 * Where a reply belongs: behind what was answered and all that stands below that already. Answers the element
 * before which it goes (or null for the end of `replies`), and undefined where the parent is not on the page.
 */
export function spotFor(article) {
  const parent = entryById(article.dataset.parent);
  if (!parent) return undefined;
  const replies = threadOf(parent).querySelector(".replies");
  const depth = Number(article.dataset.depth);
  let next = parent.parentElement === replies ? parent.nextElementSibling : replies.firstElementChild;
  while (next && (!next.matches(".entry") || Number(next.dataset.depth) >= depth)) next = next.nextElementSibling;
  return { replies, before: next };
}

/** Puts a reply into its place; false where what it answers is not on the page. */
export function placeReply(article) {
  const spot = spotFor(article);
  if (!spot) return false;
  spot.replies.insertBefore(article, spot.before);
  dress(article);
  return true;
}

/** Puts the new version of an entry where the old one stands, and the focus back to the same button. */
export function renew(old, article) {
  const held = old.contains(document.activeElement) ? document.activeElement : null;
  const selector = held === old ? null : held && selectorOf(held);
  if (old.classList.contains("unread") && article.classList.contains("unread")) article.classList.add("seen");
  old.replaceWith(article);
  // Nothing answers what was removed.
  if (article.querySelector(".removed")) article.parentElement.querySelector(":scope > .thread-foot > .write")?.remove();
  dress(article);
  if (held) (selector ? article.querySelector(selector) ?? article : article).focus({ preventScroll: true });
}

function selectorOf({ dataset }) {
  return dataset.kind ? `[data-kind="${dataset.kind}"]` : dataset.act ? `[data-act="${dataset.act}"]` : null;
}

/** What the server does not know of an entry that it sent alone: whom it answers, and that a draft waits. */
export function dress(root) {
  for (const link of root.querySelectorAll(".to")) {
    const parent = document.getElementById(link.hash.slice(1));
    const name = parent?.querySelector(".who")?.textContent;
    if (name) link.textContent = words("in_reply_to").replace("{name}", name);
    else link.hidden = !parent;
  }
  const articles = root.matches(".entry") ? [root] : root.querySelectorAll(".entry");
  for (const article of articles) labelDrafts(article);
  root.dispatchEvent(new CustomEvent("panel:placed", { bubbles: true }));
}

export function labelDrafts(article) {
  for (const act of ["reply", "edit"]) {
    const button = article.querySelector(`:scope > .acts [data-act="${act}"]`);
    if (button) button.textContent = words(keptDraft(`${act}:${idOf(article)}`) ? `${act}_on` : act);
  }
}

/** Shows an entry to whoever asked for it, and lets the keyboard go on from there. */
export function goTo(article) {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  article.focus({ preventScroll: true });
  article.scrollIntoView({ block: "nearest", behavior: still ? "instant" : "smooth" });
  article.classList.add("arrived");
  setTimeout(() => article.classList.remove("arrived"), 2500);
}
