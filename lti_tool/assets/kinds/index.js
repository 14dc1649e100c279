// The kinds of panels: each brings the part of the page above the threads to life. A kind is a row here.

import * as discussion from "./discussion.js";
import * as reflection from "./reflection.js";

const KINDS = { discussion, reflection };

const current = () => KINDS[document.getElementById("panel").dataset.kind];

export function startKind() {
  current().start();
}

/** What buttons do in this kind alone, by their `data-act`. */
export function actsOfKind() {
  return current().acts;
}
