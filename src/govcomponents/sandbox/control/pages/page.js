// Adds what pages can do without: copy buttons, and news that show by themselves.
"use strict";
for (const block of document.querySelectorAll("[data-copy]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "second small copy";
  button.textContent = "Copy";
  const what = block.getAttribute("aria-label") || "this";
  const say = (words) => {
    button.textContent = words;
    button.setAttribute("aria-label", `${words}: ${what}`);
  };
  say("Copy");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(block.textContent);
      say("Copied");
    } catch { // browsers give no clipboard to a page that came by plain HTTP from another machine, such as a container
      getSelection().selectAllChildren(block);
      say("Selected, press Ctrl+C");
    }
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
