// The page's dialogs. A frame may be as high as its content, and then its middle is nowhere near the person: a dialog
// opens beside the button that asked for it.

/** As `confirmed`: whether all grades are to be sent, final or not. */
export const confirmSending = (button) => confirmed("confirm-sending", button);

/** As `confirmed`: whether ours may take the place of a grade that somebody gave in the LMS. */
export const confirmReplacing = (button) => confirmed("confirm-replacing", button);

/** As `confirmed`: whether the LMS's grade may take the place of the one here. */
export const confirmKeeping = (button) => confirmed("confirm-keeping", button);

/** As `confirmed`: whether points and comment that were given by hand may go. */
export const confirmTakingBack = (button) => confirmed("confirm-taking-back", button);

/** As `confirmed`: whether what was typed and not saved may go. */
export const confirmLosing = (button) => confirmed("confirm-losing", button);

/** As `confirmed`: whether a column of the LMS's grade book may go, with all grades in it. */
export const confirmColumnLoss = (button) => confirmed("confirm-column-loss", button);
/** As `confirmed`: whether a stage may go, with the points that staff gave in it. */
export const confirmStageLoss = (button) => confirmed("confirm-stage-loss", button);

/** Asks a question that is answered by yes or no. */
export function confirmed(id, button) {
  const dialog = document.getElementById(id);
  open(dialog, button);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

export function askHelp(button) {
  open(document.getElementById("help"), button);
}

function open(dialog, button) {
  const { top, bottom } = button.getBoundingClientRect();
  const below = bottom + 8;
  dialog.returnValue = "";
  // Before it opens: it takes the focus then, and the browser scrolls to where it stands.
  dialog.style.insetBlockStart = `${Math.max(16, Math.min(below, innerHeight - 200))}px`;
  dialog.showModal();
  const room = innerHeight - dialog.offsetHeight - 16;
  const wanted = below < room ? below : top - dialog.offsetHeight - 8;
  dialog.style.insetBlockStart = `${Math.max(16, Math.min(wanted, room))}px`;
}
