// Why an element is not as it was wished, for a person.
css => {
  const all = every(css);
  if (!all.length) return "no such element";
  const el = all.find(visible);
  if (!el) return "it is hidden";
  if (!enabled(el)) return "it is disabled";
  const box = el.getClientRects()[0];
  const over = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  if (!over) return "it is outside the window";
  return el.contains(over) ? "it is there" : `it is covered by <${over.localName}${over.id && "#" + over.id}>`;
}
