// A login where the browser blocks our cookies: the platform's own storage keeps the login's secret instead
// (1EdTech LTI Client Side postMessages; OIDC Login with Client Side postMessages).
//
// With `put` in the page's data the secret is stored and the platform's login followed; with `get` it is fetched
// again and sent with the launch. Whatever fails or takes too long shows the page's other way (#otherwise).

const PATIENCE = 2500;
const data = JSON.parse(document.getElementById("launch").textContent);
const platform = window.parent !== window ? window.parent : window.opener;

/** Sends one message and waits for its answer: from the expected origin, with the same id. */
function ask(target, subject, fields, origin) {
  return new Promise((resolve, reject) => {
    const id = crypto.randomUUID();
    const finish = (settle, value) => {
      clearTimeout(timer);
      window.removeEventListener("message", listen);
      settle(value);
    };
    const listen = ({ data: answer, origin: sender }) => {
      const isOurs = answer?.message_id === id && answer.subject === `${subject}.response`;
      if (!isOurs || (origin !== "*" && sender !== origin)) return;
      if (answer.error) finish(reject, new Error(answer.error.message ?? "refused"));
      else finish(resolve, answer);
    };
    const timer = setTimeout(finish, PATIENCE, reject, new Error(`${subject}: no answer`));
    window.addEventListener("message", listen);
    target.postMessage({ subject, message_id: id, ...fields }, origin);
  });
}

/** The frame that keeps data: the one the login named, or the one that the platform names for it now. */
async function storageFrame(subject) {
  let name = data.target;
  try {
    const { supported_messages: supported = [] } = await ask(platform, "lti.capabilities", {}, "*");
    name = supported.find((message) => message.subject === subject)?.frame ?? name;
  } catch {
    // Some platforms answer only the messages for data; those are tried all the same.
  }
  return name === "_parent" ? platform : platform.frames[name];
}

async function put() {
  const frame = await storageFrame("lti.put_data");
  await Promise.all(
    Object.entries(data.put).map(async ([key, value]) => {
      const answer = await ask(frame, "lti.put_data", { key, value }, data.origin);
      if (answer.value !== value) throw new Error("stored something else");
    }),
  );
  window.location.replace(data.next);
}

async function get() {
  const frame = await storageFrame("lti.get_data");
  const form = document.getElementById("proof");
  await Promise.all(
    Object.entries(data.get).map(async ([field, key]) => {
      const { value } = await ask(frame, "lti.get_data", { key }, data.origin);
      if (typeof value !== "string") throw new Error("nothing stored");
      form.elements[field].value = value;
    }),
  );
  form.submit();
}

(data.put ? put() : get()).catch(() => {
  document.getElementById("waiting").hidden = true;
  document.getElementById("otherwise").hidden = false;
});
