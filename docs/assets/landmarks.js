// Leaves one landmark for one thing. The theme makes each list inside its navigation, and the button that copies code, a
// landmark of its own: dozens on a page, several with one name, for those who go from landmark to landmark by ear.
(() => {
  const inner = "nav.md-nav[aria-labelledby], nav.md-nav[aria-expanded], nav.md-code__nav:not([role])";
  const quieten = () => document.querySelectorAll(inner).forEach((list) => {
    list.setAttribute("role", "none");
    list.removeAttribute("aria-labelledby");
    list.removeAttribute("aria-expanded"); // the checkbox that opens the list says so
  });
  const changes = { attributeFilter: ["aria-expanded"], childList: true, subtree: true };
  new MutationObserver(quieten).observe(document.body, changes);
  quieten();
})();
