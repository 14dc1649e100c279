// The page's dialogs. A frame may be as high as its content, and then its middle is nowhere near the person: a dialog
// opens beside the button that asked for it.

/** Asks whether to remove; answers true or false. */
export function confirmRemoval(button) {
  const dialog = document.getElementById("confirm-remove");
  open(dialog, button);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "remove"), { once: true });
  });
}

export function askHelp(button) {
  open(document.getElementById("help"), button);
}

function open(dialog, button) {
  dialog.returnValue = "";
  dialog.showModal();
  const { top, bottom } = button.getBoundingClientRect();
  const room = innerHeight - dialog.offsetHeight - 16;
  const below = bottom + 8;
  const wanted = below < room ? below : top - dialog.offsetHeight - 8;
  dialog.style.insetBlockStart = `${Math.max(16, Math.min(wanted, room))}px`;
}
