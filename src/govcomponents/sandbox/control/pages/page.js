// Adds what pages can do without: copy buttons, and news that show by themselves.
"use strict";
for (const block of document.querySelectorAll("[data-copy]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "second small copy";
  button.textContent = "Copy";
  button.setAttribute("aria-label", `Copy ${block.getAttribute("aria-label") || "this"}`);
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(block.textContent);
    button.textContent = "Copied";
  });
  block.before(button);
}
const live = document.querySelector("[data-live]");
if (live && window.EventSource) {
  live.hidden = false;
  const news = new EventSource(live.dataset.live);
  news.addEventListener("message", async () => {
    const answer = await fetch(location.href);
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const [before, after] = [document.getElementById("live"), page.getElementById("live")];
    if (before && after && !before.contains(document.activeElement)) before.replaceWith(after);
  });
}
