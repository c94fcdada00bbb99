// Runs before a page's own scripts. The rule of every desktop browser, which the headless shell lacks: a script opens a window
// only while a click of the person is fresh. With `always`, as for a person who blocks every popup, not even then.
always => {
  const native = window.open, tell = console.warn.bind(console), opened = new Map();
  window.open = function open(url, target, features) {
    const name = String(target ?? "_blank");
    const known = ["_self", "_parent", "_top"].includes(name.toLowerCase()) || opened.get(name)?.closed === false;
    if (!known && (always || !navigator.userActivation.isActive)) {
      tell("popup blocked by the browser");
      return null;
    }
    const window = native.apply(this, arguments);
    if (window) opened.set(name, window);
    return window;
  };
}
