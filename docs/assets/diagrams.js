// Draws the diagrams of a page. The program that draws is beside this file, and is loaded only where there is one.
(() => {
  const diagrams = document.querySelectorAll("pre.diagram");
  if (!diagrams.length) return;
  const program = document.createElement("script");
  program.src = new URL("mermaid.tiny.js", document.currentScript.src).href;
  program.onload = () => {
    const dark = document.body.getAttribute("data-md-color-scheme") === "slate";
    mermaid.initialize({ startOnLoad: false, theme: dark ? "dark" : "neutral" });
    mermaid.run({ nodes: diagrams });
  };
  document.head.append(program);
})();
