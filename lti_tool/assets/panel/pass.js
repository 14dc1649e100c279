// The tab's pass: a token that lives in this page and in the tab's history, where a reload finds it again even
// when the browser blocks all storage in frames. No cookie.

import { Refused, refusalOf } from "./problems.js";

const RENEW_BEFORE = 30 * 60_000;
const ASK_AGAIN = 60_000;
const PATIENCE = 20_000;

let pass = null;
let timer = 0;

/** The pass that a reload left behind, or null. */
export function keptPass() {
  const kept = history.state;
  return kept && kept.token && kept.panel === location.pathname ? kept : null;
}

/** Holds the pass that came with the page, and names the page by its own address. */
export function holdPass({ token, expires_at, panel, panel_id, api, group }) {
  pass = { token, expires_at, panel, panel_id, api, group: group ?? "" };
  // Beside what others keep there.
  history.replaceState({ ...history.state, ...pass }, "", panel);
  renewInTime();
}

/** Which group is looked at; a reload comes back to it. */
export function holdGroup(group) {
  holdPass({ ...pass, group });
}

/** The group looked at, or nothing: all that its reader may see. */
export function group() {
  return pass.group;
}

export function authorization() {
  return `Bearer ${pass.token}`;
}

export function home() {
  return pass.panel;
}

/**
 * A request for a piece of the page; answers the response, or throws Refused. `path` is below the panel's address.
 * @param {{method?: string, json?: object, form?: URLSearchParams, keepalive?: boolean}} options
 */
export function ask(path, options) {
  return send(pass.panel + path, options);
}

/** As `ask`, of the JSON API: what has no look of its own. */
export function askApi(path, options) {
  return send(`${pass.api}/panels/${pass.panel_id}${path}`, options);
}

async function send(address, { method = "GET", json, form, keepalive = false } = {}) {
  const headers = { Authorization: authorization() };
  if (json) headers["Content-Type"] = "application/json";
  const response = await reach(address, {
    method,
    headers,
    keepalive,
    body: json ? JSON.stringify(json) : form,
  });
  if (!response.ok) throw await refusalOf(response);
  return response;
}

export async function reach(address, options) {
  try {
    return await fetch(address, { ...options, cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
  } catch {
    throw new Refused({ code: "offline" });
  }
}

function renewInTime() {
  clearTimeout(timer);
  const left = Date.parse(pass.expires_at) - Date.now();
  // A pass shorter than usual is renewed at half its time.
  const wait = left > 2 * RENEW_BEFORE ? left - RENEW_BEFORE : left / 2;
  timer = setTimeout(renew, Math.max(1000, Math.min(wait, 2 ** 31 - 1)));
}

async function renew() {
  try {
    const response = await reach(`${pass.api}/token`, {
      method: "POST",
      headers: { Authorization: authorization() },
    });
    if (response.ok) {
      const renewed = await response.json();
      // A day after the launch a pass ends, however often it is asked for again.
      if (Date.parse(renewed.expires_at) > Date.parse(pass.expires_at)) holdPass({ ...pass, ...renewed });
      return;
    }
    if (response.status < 500 && response.status !== 429) return; // the next request says what is wrong
  } catch {
    // no connection: asked again below
  }
  timer = setTimeout(renew, ASK_AGAIN);
}

// A laptop that slept wakes with a pass that may be about to end.
document.addEventListener("visibilitychange", () => {
  if (pass && !document.hidden && Date.parse(pass.expires_at) - Date.now() < RENEW_BEFORE) renew();
});
