// The document as text. At what is hidden only the element itself is left: its attributes may tell as much as its words.
selectors => {
  const HIDDEN = "[hidden]";
  const type = document.doctype ? new XMLSerializer().serializeToString(document.doctype) : "";
  const copy = document.documentElement?.cloneNode(true);
  for (const css of selectors) {
    for (const el of copy?.querySelectorAll(css) ?? []) {
      for (const { name } of Array.from(el.attributes)) if (name !== "class" && name !== "id") el.removeAttribute(name);
      el.textContent = HIDDEN;
    }
  }
  return type + (copy?.outerHTML ?? "");
}
