// Whether a document has elements that markup made, or handlers and addresses whose script would set the property. Those are run where
// every name means nothing: what the page's own functions do does not happen.
(source, css, property) => {
  const parsed = source === null ? document : new DOMParser().parseFromString(source, "text/html");
  const sets = code => {
    let set = false;
    const note = (_, key) => { set ||= key === property; return true; };
    const anything = new Proxy(function () {}, {
      get: (_, key) => key === Symbol.toPrimitive ? () => "" : anything, set: note, has: () => true, apply: () => anything, construct: () => anything,
    });
    const names = new Proxy({}, { get: (_, key) => key === Symbol.unscopables ? undefined : anything, set: note, has: () => true });
    try { new Function("names", `with (names) {\n${code}\n}`)(names); } catch { /* no script, or one that stops */ }
    return set;
  };
  const decoded = text => { try { return decodeURIComponent(text); } catch { return text; } };
  const script = ({ name, value }) => name.startsWith("on") ? value : /^\s*javascript:/i.test(value) ? decoded(value.replace(/^\s*javascript:/i, "")) : null;
  const lives = attribute => attribute.value.includes(property) && script(attribute) !== null && sets(script(attribute));
  return !!parsed.querySelector(css) || Array.from(parsed.querySelectorAll("*")).some(el => Array.from(el.attributes).some(lives));
}
