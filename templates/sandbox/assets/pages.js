// Small manners of the pages: menus close when one looks elsewhere, the live record opens and closes.

for (const menu of document.querySelectorAll("details[data-closes-outside]")) {
  document.addEventListener("click", (event) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
  menu.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
}

// In an outline that scrolls sideways, the page that one is on stands in sight.
const outline = document.querySelector(".outline-lists");
const here = outline?.querySelector("[aria-current]");
if (here) {
  const [line, place] = [outline.getBoundingClientRect(), here.getBoundingClientRect()];
  outline.scrollBy({ left: place.left + place.width / 2 - (line.left + line.width / 2), behavior: "instant" });
}

const record = document.getElementById("record");
const opener = document.querySelector('[data-switch="record"]');

if (record && opener) {
  const wide = window.matchMedia("(min-width: 80rem)");

  const show = (open) => {
    document.body.classList.toggle("with-record", open);
    record.inert = !open;
    opener.setAttribute("aria-expanded", String(open));
    record.dispatchEvent(new CustomEvent("record-switched", { detail: { open } }));
  };
  const choose = (open) => {
    show(open);
    if (wide.matches) sessionStorage.setItem("record", open ? "open" : "closed");
  };

  opener.addEventListener("click", () => choose(!document.body.classList.contains("with-record")));
  record.querySelector("[data-close]").addEventListener("click", () => {
    choose(false);
    opener.focus();
  });
  record.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      choose(false);
      opener.focus();
    }
  });
  const settle = () => show(wide.matches && sessionStorage.getItem("record") !== "closed");
  wide.addEventListener("change", settle);
  settle();
}

// A tool that registered itself says so (LTI Dynamic Registration, section 4.5), and its frame has done its work.
const registration = document.querySelector("iframe[data-closes-to]");

if (registration) {
  window.addEventListener("message", (event) => {
    if (event.source !== registration.contentWindow) return;
    if (event.data?.subject === "org.imsglobal.lti.close") window.location.assign(registration.dataset.closesTo);
  });
}
