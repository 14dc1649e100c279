// The console's three conveniences: an address is copied by a button, a file that is too large is named before it is
// sent, and figures that change are looked at again. All else works without scripts.

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = !navigator.clipboard;
  const label = button.textContent;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = button.dataset.copied;
    document.getElementById("said").textContent = button.dataset.copied;
    setTimeout(() => (button.textContent = label), 2000);
  });
}

for (const field of document.querySelectorAll("[data-most-bytes]")) {
  field.addEventListener("change", () => {
    const size = field.files[0]?.size ?? 0;
    field.setCustomValidity(size > Number(field.dataset.mostBytes) ? field.dataset.tooLarge : "");
    field.reportValidity();
  });
}

const LOOK_AGAIN = 5000;

/** Each figure by itself, so that whoever is at a link or a button stays there. */
async function lookAgain() {
  if (document.hidden) return;
  const answer = await fetch(location.href, { headers: { "X-Looks-By-Itself": "1" } });
  if (!answer.ok) return;
  const now = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live]")) {
    const other = now.getElementById(part.id);
    if (other && !other.isEqualNode(part)) part.replaceChildren(...other.childNodes);
  }
}

if (document.querySelector("[data-live]")) {
  // A look that fails is followed by the next one.
  setInterval(() => lookAgain().catch(() => {}), LOOK_AGAIN);
}
