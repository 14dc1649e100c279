// Small works of the pages that connect an LMS: the way back to it, and values to be copied.

// LTI Dynamic Registration, section 3.6: the LMS closes our frame or window. The message holds nothing, so it may be
// anybody who reads it; who framed the page is not known here.
const lms = window.opener ?? (window.parent !== window ? window.parent : null);

for (const button of document.querySelectorAll("[data-close]")) {
  button.hidden = !lms;
  button.addEventListener("click", () => lms.postMessage({ subject: "org.imsglobal.lti.close" }, "*"));
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    document.getElementById("said").textContent = `${button.dataset.copied}: ${button.dataset.copy}`;
  });
}
