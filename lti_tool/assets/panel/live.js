// Says what happened to people who listen to the page.

export function announce(text) {
  const live = document.getElementById("live");
  if (!live) return;
  live.textContent = "";
  // Saying the same twice is heard only when the region was empty in between.
  setTimeout(() => {
    live.textContent = text;
  }, 60);
}
