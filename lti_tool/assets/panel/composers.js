// Composers: opening and closing them, previews, posting once, and what follows when the text has arrived.

import htmx from "htmx.org";
import { confirmed } from "./dialogs.js";
import { discard, forget, isWritten, keepNow, keptDraft, resume, settle, textChanged } from "./drafts.js";
import { announce } from "./live.js";
import { elementsOf, entryById, goTo, idOf, labelDrafts, placeReply, placeThread, renew } from "./places.js";
import { ask, group, home } from "./pass.js";
import { clearProblem, showProblem } from "./problems.js";
import { nameOfGroup } from "./sheets.js";
import { whenTaken } from "./requests.js";
import { words } from "./words.js";

/** A key under which a text is taken once, however often it is sent. */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function startComposers() {
  const { body } = document;
  body.addEventListener("input", ({ target }) => {
    const form = target.closest("[data-composer]");
    if (!form) return;
    grow(target);
    target.removeAttribute("aria-invalid");
    textChanged(form);
  });
  body.addEventListener("keydown", (event) => {
    const form = event.target.closest("form");
    if (!form) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) {
      event.preventDefault();
      const submit = form.querySelector("[type=submit]");
      if (submit && !submit.disabled && !submit.hidden) form.requestSubmit(submit);
    }
    if (event.key === "Escape" && !event.isComposing && form.querySelector("[data-act=close]")) closeComposer(form);
  });
  // A draft on its way must not arrive behind the post that drops it.
  body.addEventListener("htmx:confirm", (event) => {
    const { elt, issueRequest } = event.detail;
    if (!elt.matches?.("[data-composer]")) return;
    event.preventDefault();
    if (elt.dataset.posting !== undefined) return;
    setPosting(elt, true);
    settle(elt).then(() => issueRequest(true));
  });
  body.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (detail.elt.dataset?.posting !== undefined) setPosting(detail.elt, false);
  });
  body.addEventListener("panel:refused", ({ target, detail }) => {
    if (!target.matches("[data-composer]")) return;
    if (detail.code === "idempotency_key_reused") {
      target.elements.idempotency_key.value = newKey();
      body.dispatchEvent(new CustomEvent("panel:look"));
    }
    resume(target);
  });
  whenTaken("topic", topicTaken);
  whenTaken("reply", replyTaken);
  whenTaken("edit", editTaken);
}

function setPosting(form, isPosting) {
  form.toggleAttribute("data-posting", isPosting);
  form.querySelector("[type=submit]").disabled = isPosting;
}

/** Opens a box to answer `article`, below it or, for a whole thread, at the thread's foot. */
export function openReply(article, opener, quoted = "") {
  const id = idOf(article);
  const foot = opener.closest(".thread-foot");
  const open = document.querySelector(`.reply-composer[data-to="${id}"]`);
  if (open) {
    open.elements.body.focus();
    return;
  }
  const form = document.getElementById("reply-form").content.firstElementChild.cloneNode(true);
  const draft = keptDraft(`reply:${id}`) ?? {};
  form.dataset.to = id;
  form.setAttribute("hx-post", `${home()}/entries`);
  form.elements.parent_id.value = id;
  form.elements.idempotency_key.value = draft.key || newKey();
  form.elements.group.value = group();
  sayForWhom(form, article);
  const box = form.elements.body;
  box.id = `reply-${id}`;
  form.querySelector("label").htmlFor = box.id;
  box.value = [draft.body, quoted].filter(Boolean).join("\n\n");
  form.setAttribute("aria-label", words("in_reply_to").replace("{name}", nameOf(article)));
  if (foot) foot.before(form);
  else article.after(form);
  if (foot) foot.classList.add("writing-here");
  htmx.process(form);
  goOnIn(box);
}

/** The caret stands where somebody goes on writing: at the end. */
function goOnIn(box) {
  grow(box);
  box.focus();
  box.setSelectionRange(box.value.length, box.value.length);
  box.scrollTop = box.scrollHeight;
}

/** An answer to what is for all groups is read by one alone; the page then says by whom. */
function sayForWhom(form, article) {
  const name = nameOfGroup();
  if (article.dataset.for || !group() || !name) return;
  const note = form.querySelector(".for-whom");
  note.textContent = words("only_for").replace("{group}", name);
  note.hidden = false;
}

function nameOf(article) {
  return article.querySelector(".who")?.textContent ?? "";
}

/** Lets an author change their entry, in its place. */
export async function openEdit(article) {
  if (article.querySelector(".edit-composer")) return;
  clearProblem(article);
  try {
    const response = await ask(`/entries/${idOf(article)}/edit`);
    const form = elementsOf(await response.text()).querySelector("form");
    article.append(form);
    article.classList.add("editing");
    htmx.process(form);
    const draft = keptDraft(`edit:${idOf(article)}`); // which may still be on its way to the server
    for (const name of draft ? ["title", "body"] : []) if (form.elements[name]) form.elements[name].value = draft[name] ?? "";
    goOnIn(form.elements.body);
  } catch (refusal) {
    showProblem(article, refusal, () => openEdit(article));
  }
}

/** Closes a composer. What was written in it stays as a draft. */
export function closeComposer(form) {
  if (form.dataset.composer !== "topic" && isWritten(form)) keepNow(form);
  leave(form);
}

/** Lets go of what was written, when the person means it. */
export async function discardDraft(form, button) {
  if (isWritten(form) && !(await confirmed("confirm-discard", button))) return;
  clearProblem(form);
  try {
    await discard(form);
  } catch (refusal) {
    resume(form);
    return showProblem(form, refusal);
  }
  clear(form);
  leave(form);
  announce(words("discarded"));
}

/** Empties a form that stays on the page, for the next text. */
function clear(form) {
  closePreview(form);
  for (const field of form.querySelectorAll("textarea, input:is([type=text], :not([type]))")) field.value = "";
  if (form.elements.idempotency_key) form.elements.idempotency_key.value = newKey();
  resumeQuietly(form);
  form.dispatchEvent(new CustomEvent("panel:cleared"));
}

function leave(form) {
  const kind = form.dataset.composer;
  if (kind === "reflection") return;
  if (kind === "topic") {
    form.classList.remove("open");
    const opener = form.querySelector("[data-act=open-composer]");
    opener.setAttribute("aria-expanded", "false");
    opener.textContent = words(hasText(form) ? "topic_on" : "topic");
    opener.focus();
    return;
  }
  if (kind === "edit") return closeEdit(form);
  const article = entryById(form.dataset.to);
  const foot = form.nextElementSibling?.matches(".thread-foot") ? form.nextElementSibling : null;
  foot?.classList.remove("writing-here");
  form.remove();
  if (article) {
    labelDrafts(article);
    (foot ?? article).querySelector(foot ? ".write" : "[data-act=reply]")?.focus();
  }
}

function hasText(form) {
  return Boolean((form.elements.title.value + form.elements.body.value).trim());
}

async function closeEdit(form) {
  const article = form.closest(".entry");
  form.remove();
  article.classList.remove("editing");
  labelDrafts(article);
  article.querySelector("[data-act=edit]")?.focus();
  if (article.dataset.stale === undefined) return;
  const response = await ask(`/entries/${idOf(article)}`).catch(() => null);
  const fresh = response && elementsOf(await response.text()).querySelector(".entry");
  if (fresh) renew(article, fresh);
}

/** Shows a text as it will stand, in place of the box that it is written in. */
export async function togglePreview(button) {
  const form = button.closest("form");
  const box = form.elements.body;
  const preview = form.querySelector(".preview");
  const showing = button.getAttribute("aria-pressed") === "true";
  clearProblem(form);
  if (!showing) {
    try {
      const response = await ask("/preview", { method: "POST", form: new URLSearchParams({ body: box.value }) });
      preview.innerHTML = await response.text();
      if (!preview.innerHTML) preview.textContent = words("preview_empty");
    } catch (refusal) {
      return showProblem(form, refusal, () => togglePreview(button));
    }
  }
  preview.style.minBlockSize = `${box.offsetHeight || preview.offsetHeight}px`;
  preview.hidden = showing;
  box.hidden = !showing;
  button.setAttribute("aria-pressed", String(!showing));
  if (showing) box.focus();
  else preview.focus({ preventScroll: true });
}

function topicTaken(form, html) {
  const section = elementsOf(html).querySelector(".thread");
  forget(form);
  clear(form);
  form.classList.remove("open");
  const opener = form.querySelector("[data-act=open-composer]");
  opener.setAttribute("aria-expanded", "false");
  opener.textContent = words("topic");
  arrive(section, placeThread, section.querySelector(".entry"), words("posted"));
}

function replyTaken(form, html) {
  const article = elementsOf(html).querySelector(".entry");
  forget(form);
  if (form.nextElementSibling?.matches(".thread-foot")) form.nextElementSibling.classList.remove("writing-here");
  const answered = entryById(form.dataset.to);
  form.remove();
  if (answered) labelDrafts(answered);
  arrive(article, placeReply, article, words("posted"));
}

function editTaken(form, html) {
  const old = form.closest(".entry");
  forget(form);
  const article = elementsOf(html).querySelector(".entry");
  renew(old, article);
  goTo(article);
  announce(words("saved"));
}

/** Posted twice, it comes back as the same entry: which may stand here already. */
function arrive(element, place, article, said) {
  const there = document.getElementById(article.id);
  if (there) renew(there, article);
  else place(element);
  goTo(article);
  announce(said);
}

export function shareTaken(form, html) {
  const section = elementsOf(html).querySelector(".thread");
  forget(form);
  clear(form);
  arrive(section, placeThread, section.querySelector(".entry"), words("shared"));
}

function resumeQuietly(form) {
  resume(form);
  forget(form);
}

function closePreview(form) {
  const button = form.querySelector("[data-act=preview]");
  if (button?.getAttribute("aria-pressed") !== "true") return;
  button.setAttribute("aria-pressed", "false");
  form.querySelector(".preview").hidden = true;
  form.elements.body.hidden = false;
}

/** A box is as high as its text, up to a point (where the browser does not do it by itself). */
export function grow(box) {
  if (box.localName !== "textarea" || CSS.supports("field-sizing", "content")) return;
  box.style.blockSize = "auto";
  box.style.blockSize = `${Math.min(box.scrollHeight + 2, 420)}px`;
}

