// Fills in a form as a person would; answers with null until every field is there.
fields => {
  const found = fields.map(([css, value]) => [find(css), value]);
  if (found.some(([el]) => !el || !enabled(el))) return null;
  const native = (el, value) => {
    // Past the setters that frameworks put on the element itself.
    const kind = { INPUT: HTMLInputElement, TEXTAREA: HTMLTextAreaElement, SELECT: HTMLSelectElement }[el.tagName];
    if (kind) Object.getOwnPropertyDescriptor(kind.prototype, "value").set.call(el, value);
    else el.textContent = value;
  };
  for (const [el, value] of found) {
    if (el.type === "checkbox" || el.type === "radio") {
      if (el.checked !== (value === "true")) el.click();
      continue;
    }
    el.focus();
    native(el, value);
    el.dispatchEvent(new InputEvent("input", { bubbles: true, composed: true, data: value, inputType: "insertText" }));
    el.dispatchEvent(new Event("change", { bubbles: true }));
  }
  return true;
}
