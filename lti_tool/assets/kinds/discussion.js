// Discussion: a quiet line that opens into a composer for a new thread.

import { grow, newKey } from "../panel/composers.js";

export function start() {
  const form = document.querySelector(".topic-composer");
  if (!form) return;
  form.elements.idempotency_key.value ||= newKey();
  grow(form.elements.body);
}

export const acts = {
  "open-composer"(button) {
    const form = button.closest("form");
    form.classList.add("open");
    button.setAttribute("aria-expanded", "true");
    form.elements.body.focus();
  },
};
