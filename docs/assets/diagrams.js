// Draws the diagrams of a page. The program that draws is beside this file, and is loaded only where there is one.
(() => {
  const sources = [...document.querySelectorAll("pre.diagram")];
  if (!sources.length) return;
  const nodes = sources.map((source) => {
    const node = document.createElement("div");
    node.className = "drawing";
    node.textContent = source.textContent;
    source.replaceWith(node);
    return node;
  });
  const program = document.createElement("script");
  program.src = new URL("mermaid.tiny.js", document.currentScript.src).href;
  program.onload = () => {
    const dark = document.body.getAttribute("data-md-color-scheme") === "slate";
    // The dark theme's own ground for labels on lines is too light for their words.
    const ground = dark ? { edgeLabelBackground: "#1e2129" } : {};
    mermaid.initialize({ startOnLoad: false, theme: dark ? "dark" : "neutral", themeVariables: ground });
    mermaid.run({ nodes });
  };
  document.head.append(program);
})();
