// Runs before a page's own scripts. Says so when a script of the page sets this property of its window, however short the page lives.
(name, words) => {
  const tell = console.debug.bind(console);
  let held;
  Object.defineProperty(window, name, { configurable: true, get: () => held, set: value => { held = value; tell(words); } });
}
