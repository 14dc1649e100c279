// The platform's side of postMessage: capabilities, storage for tools (lti-pm-s v0p1), the frame's height.
// One file for the course page and for the hidden storage frame; each answers only what is its own to answer.

const settings = JSON.parse(document.getElementById("storage").textContent);
const isStorageFrame = window.parent !== window && window.name === settings.target;
const keepsData = settings.target === "_parent" ? !isStorageFrame : isStorageFrame;
const MOST_KEYS = 500;
const LONGEST_VALUE = 4096;

// Data belongs to the origin that put it; it lives as long as the course page does.
const kept = new Map();

class Refusal extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

function checked(event) {
  if (!settings.origins.includes(event.origin)) {
    throw new Refusal("wrong_origin", `${event.origin} is not a tool of this platform`);
  }
  const { key, message_id: id } = event.data;
  if (typeof key !== "string" || !key || typeof id !== "string" || !id) {
    throw new Refusal("bad_request", "key and message_id must be non-empty strings");
  }
  return [event.origin, key].join("\n");
}

function putData(event) {
  const name = checked(event);
  const { key, value } = event.data;
  if (value === null || value === undefined) {
    kept.delete(name);
    return { key, value: null };
  }
  if (typeof value !== "string") throw new Refusal("bad_request", "value must be a string");
  if (value.length > LONGEST_VALUE || (!kept.has(name) && kept.size >= MOST_KEYS)) {
    throw new Refusal("storage_exhaustion", "this is more than the platform keeps for a tool");
  }
  kept.set(name, value);
  return { key, value };
}

function getData(event) {
  const name = checked(event);
  return { key: event.data.key, value: kept.get(name) ?? null };
}

function resizeFrame(event) {
  const frame = [...document.querySelectorAll("iframe")].find((each) => each.contentWindow === event.source);
  if (!frame) throw new Refusal("bad_request", "the message does not come from a frame of this page");
  if (!settings.origins.includes(event.origin)) {
    throw new Refusal("wrong_origin", `${event.origin} is not a tool of this platform`);
  }
  const height = Number.parseInt(event.data.height, 10);
  if (!(height > 0)) throw new Refusal("bad_request", "height must be a positive number of pixels");
  frame.style.blockSize = `${height}px`;
  return { height };
}

function capabilities() {
  const frame = settings.target && settings.target !== "_parent" ? { frame: settings.target } : {};
  const storage = settings.target ? ["lti.put_data", "lti.get_data"] : [];
  return {
    supported_messages: [
      { subject: "lti.capabilities" },
      ...storage.map((subject) => ({ subject, ...frame })),
      { subject: "lti.frameResize" },
    ],
  };
}

const answers = {
  ...(isStorageFrame ? {} : { "lti.capabilities": capabilities, "lti.frameResize": resizeFrame }),
  ...(keepsData ? { "lti.put_data": putData, "lti.get_data": getData } : {}),
};

window.addEventListener("message", (event) => {
  const subject = event.data?.subject;
  if (typeof subject !== "string" || !subject.startsWith("lti.") || subject.endsWith(".response")) return;
  const response = { subject: `${subject}.response`, message_id: event.data.message_id };
  try {
    const answer = Object.hasOwn(answers, subject) ? answers[subject] : undefined;
    if (!answer) throw new Refusal("unsupported_subject", `${subject} is not answered in this frame`);
    Object.assign(response, answer(event));
  } catch (error) {
    response.error = { code: error.code ?? "bad_request", message: error.message };
  }
  // To the sender's own origin: an answer must not reach whoever stands in that frame by then.
  event.source?.postMessage(response, event.origin);
});
