// What stands in the form of a panel, as the server takes it, and back. Dates are shown in this device's time.

const DATES = ["opens_at", "due_at", "closes_at"];
const NUMBERS = ["beginnings", "replies"];
const TEXTS = ["kind", "title", "purpose", "prompt"];

export function panelIn(form) {
  const fields = form.elements;
  const panel = Object.fromEntries(TEXTS.map((name) => [name, fields[name].value]));
  for (const name of DATES) panel[name] = instantOf(fields[name].value);
  const isGraded = Boolean(fields.graded?.checked);
  // An empty or impossible number is sent as it is, so that it is refused and not passed over.
  panel.points = isGraded ? (fields.points.value === "" ? 0 : fields.points.valueAsNumber) : null;
  for (const name of NUMBERS) panel[name] = isGraded ? numberIn(fields[name]) : null;
  panel.like = fields.like?.value ?? null;
  panel.graded_alike = isGradedAlike(form);
  if (panel.graded_alike) panel.points = panel.beginnings = panel.replies = null;
  return panel;
}

/** An earlier panel's rules are those of its kind. */
export function isGradedAlike(form) {
  const { graded_alike: tick, kind } = form.elements;
  return Boolean(tick?.checked) && tick.dataset.kind === kind.value;
}

/** Empty is none at all. */
function numberIn(field) {
  return field.value === "" ? 0 : field.valueAsNumber;
}

export function fillIn(form, panel) {
  const fields = form.elements;
  for (const name of TEXTS) fields[name].value = panel[name];
  for (const name of DATES) fields[name].value = localOf(panel[name]);
  if (fields.graded) {
    fields.graded.checked = panel.points !== null;
    if (fields.graded_alike) fields.graded_alike.checked = panel.graded_alike !== false;
    if (panel.points) fields.points.value = panel.points;
    for (const name of NUMBERS) if (typeof panel[name] === "number") fields[name].value = panel[name];
  }
}

function instantOf(local) {
  const at = local ? new Date(local) : null;
  return at && !Number.isNaN(at.getTime()) ? at.toISOString() : null;
}

/** As the field wants it: 2026-12-15T23:59, in this device's time. */
function localOf(instant) {
  if (!instant) return "";
  const at = new Date(instant);
  const shifted = new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 16);
}
