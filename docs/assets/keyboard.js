// Lets a keyboard reach the tables that are wider than the page, which the theme wraps so that they scroll.
(() => {
  const reach = () => document.querySelectorAll(".md-typeset__scrollwrap:not([tabindex])").forEach((table) => {
    table.tabIndex = 0;
  });
  new MutationObserver(reach).observe(document.body, { childList: true, subtree: true });
  reach();
})();
