// The address was loaded anew: asks for the page with the pass that the tab's history kept.

import { credentials, holdPass, keptPass, reach } from "./pass.js";
import { startPage } from "./page.js";
import { refusalOf } from "./problems.js";

export async function openShell(shell) {
  document.getElementById("not-started")?.remove();
  const kept = keptPass();
  const part = (name) => shell.querySelector(`[data-${name}]`);
  const showOnly = (name) => {
    for (const one of ["opening", "no-token", "failed"]) part(one).hidden = one !== name;
  };
  if (!kept) return showOnly("no-token");
  showOnly("opening");
  try {
    const response = await reach(kept.group ? `${kept.panel}?group=${kept.group}` : kept.panel, { headers: credentials(kept.token) });
    if (!response.ok) throw await refusalOf(response);
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    for (const name of ["lang", "dir"]) document.documentElement[name] = page.documentElement[name];
    document.title = page.title;
    document.body.replaceWith(document.adoptNode(page.body));
    startPage();
  } catch (refusal) {
    showOnly("failed");
    sayWhy(part("failed"), refusal);
    part("again").hidden = refusal.status >= 400 && refusal.status < 500 && refusal.status !== 429;
    part("again").onclick = () => openShell(shell);
  }
}

function sayWhy(place, { title, detail, trace, status }) {
  const [sentence, step] = [place.querySelector("h1"), place.querySelector("p")];
  sentence.textContent = title || place.dataset.sentence;
  step.textContent = detail || place.dataset.step;
  const number = place.querySelector(".trace");
  number.hidden = !trace || status < 500;
  number.textContent = trace || "";
}
