// Inlined before every script; all names are local to one evaluation.
const find = css => document.querySelector(css);
const visible = el => {
  const box = el.getBoundingClientRect();
  return box.width > 0 && box.height > 0 && getComputedStyle(el).visibility === "visible";
};
const shown = css => Array.from(document.querySelectorAll(css)).find(visible);
const enabled = el => !el.matches(":disabled") && el.getAttribute("aria-disabled") !== "true";
const words = el => (el.innerText ?? el.textContent).trim();

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
