// Brings the page to life: the pass, htmx, what buttons do, news, drafts.

import { startActs } from "./acts.js";
import { startComposers } from "./composers.js";
import { startFrame } from "./frame.js";
import { startGrading } from "./grading.js";
import { startHours } from "./hours.js";
import { startHtmx } from "./requests.js";
import { startKind } from "../kinds/index.js";
import { startNews } from "./news.js";
import { startReading } from "./reading.js";
import { startSheets } from "./sheets.js";
import { startTimes } from "./times.js";
import { holdDrafts } from "./drafts.js";
import { holdPass } from "./pass.js";
import { holdWords } from "./words.js";

export function startPage() {
  document.getElementById("not-started")?.remove();
  const config = JSON.parse(document.getElementById("config").textContent);
  holdWords(config.words, config.language);
  if (config.placing) return startOther(config);
  holdPass(config);
  holdDrafts(config.drafts);
  startTimes(config.language, config.time_zone);
  startHtmx();
  startActs();
  startComposers();
  startKind();
  startReading();
  startNews(config.cursor);
  startSheets();
  startGrading(config.open);
  startHours();
  startFrame();
  document.documentElement.dataset.ready = "";
}

/** Choosing panels for a course: another page, for few people. */
async function startOther(config) {
  const { startPlacing } = await import("../placing/page.js");
  startPlacing(config);
  startFrame();
  document.documentElement.dataset.ready = "";
}
