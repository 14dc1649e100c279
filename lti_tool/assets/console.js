// The console's one convenience: an address is copied by a button. All else works without scripts.

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
