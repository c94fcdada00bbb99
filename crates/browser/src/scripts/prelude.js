// Inlined before every script; all names are local to one evaluation.
// What stands in an open shadow root is part of the page.
const roots = () => {
  const all = [document];
  for (const root of all) for (const el of root.querySelectorAll("*")) if (el.shadowRoot) all.push(el.shadowRoot);
  return all;
};
const every = css => roots().flatMap(root => Array.from(root.querySelectorAll(css)));
const find = css => document.querySelector(css) ?? every(css)[0] ?? null;
const visible = el => {
  const box = el.getBoundingClientRect();
  // What a closed <details> holds has a box, and nobody sees it.
  return box.width > 0 && box.height > 0 && getComputedStyle(el).visibility === "visible" && el.checkVisibility();
};
const shown = css => every(css).find(visible);
// What a visible control would open: a closed <details>, and what it names or what follows it as its menu.
const inClosedMenu = el => {
  const opens = control => control && visible(control) && control.getAttribute("aria-expanded") !== "true";
  const OPENERS = "[aria-expanded=false], [aria-haspopup]:not([aria-haspopup=false])";
  for (let part = el; part; part = part.parentElement) {
    if (part.matches("details:not([open])")) return !el.closest("summary") && opens(part.querySelector("summary"));
    if (part === document.body || visible(part)) return false;
    const id = part.id && CSS.escape(part.id);
    if (id && every(`[aria-controls~="${id}"], [popovertarget="${id}"]`).some(opens)) return true;
    const before = part.previousElementSibling;
    const control = before?.childElementCount === 1 ? before.firstElementChild : before;
    if (control?.matches(OPENERS) && opens(control)) return true;
  }
  return false;
};
// What tells who is there: a person who wants to know opens the menu.
const told = css => shown(css) ?? every(css).find(inClosedMenu);
const enabled = el => !el.matches(":disabled") && el.getAttribute("aria-disabled") !== "true";
// What a closed <details> holds has no inner text.
const words = el => ((el.innerText ?? el.textContent) || (visible(el) ? "" : el.textContent)).trim();
// A host that is laid out by its contents alone has no box of its own, and is seen where its parent is.
const rendered = el => !el || el.checkVisibility() || (getComputedStyle(el).display === "contents" && rendered(el.parentElement ?? el.getRootNode().host));
// What a person reads on the page, that of shadow roots after that of the document.
const pageText = () => roots().map(root => {
  if (root === document) return document.body?.innerText ?? "";
  const of = node => node.nodeType === Node.TEXT_NODE ? node.data : node.nodeType === Node.ELEMENT_NODE && rendered(node) ? node.innerText ?? "" : "";
  return rendered(root.host) ? Array.from(root.childNodes, of).join("\n") : "";
}).join("\n");
// What a person may click, and by which words they know it.
const CONTROLS = "a[href], button, [role=button], [role=link], input[type=button], input[type=submit]";
const labels = el => [el.innerText, el.value, el.getAttribute("aria-label"), el.title].map(text => (text ?? "").replace(/\s+/g, " ").trim()).filter(Boolean);
// Its words, and what it or a part of it is labelled with beside them: an avatar, a button with initials.
const named = el => {
  const LABELS = ["aria-label", "title", "alt"];
  const parts = [el, ...el.querySelectorAll(LABELS.map(name => `[${name}]`).join())];
  const said = [words(el)];
  for (const part of parts) for (const name of LABELS) {
    const label = part.getAttribute(name)?.trim();
    if (label && !said.some(text => text.includes(label))) said.push(label);
  }
  return said.join(" ").trim();
};

// Answers with the first truthy value of `test`, or with null after `budget` ms. Tests again whenever the document changes;
// the timer is for what no event tells (a style sheet, a script's own state).
const settle = (test, budget) => new Promise((resolve, reject) => {
  const events = ["load", "DOMContentLoaded", "readystatechange", "input", "change", "transitionend", "animationend", "storage", "message"];
  let observer, timer, end;
  const stop = (finish, value) => {
    observer?.disconnect();
    clearInterval(timer);
    clearTimeout(end);
    events.forEach(name => removeEventListener(name, check, true));
    finish(value);
  };
  const check = () => {
    try {
      const value = test();
      if (value) stop(resolve, value);
      return value;
    } catch (error) {
      stop(reject, error);
      return true;
    }
  };
  if (check()) return;
  observer = new MutationObserver(check);
  observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  events.forEach(name => addEventListener(name, check, true));
  timer = setInterval(check, 50);
  end = setTimeout(() => stop(resolve, null), budget);
});
