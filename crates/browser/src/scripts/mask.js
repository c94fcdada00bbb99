// Covers these boxes, above whatever else is on top. Only the styles are set, which no policy of the page forbids.
boxes => {
  const cover = document.createElement("div");
  const style = (el, rules) => {
    for (const [name, value] of Object.entries(rules)) el.style.setProperty(name, value, "important");
  };
  const plain = { all: "initial", display: "block", margin: "0", padding: "0", border: "0", position: "absolute", "pointer-events": "none" };
  style(cover, { ...plain, inset: "auto", left: "0", top: "0", width: "0", height: "0", overflow: "visible", "z-index": "2147483647" });
  for (const [left, top, width, height] of boxes) {
    const box = document.createElement("div");
    style(box, { ...plain, left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px`, background: "#000" });
    cover.append(box);
  }
  cover.popover = "manual";
  document.documentElement.append(cover);
  // Dialogs are above everything else but what is shown after them.
  cover.showPopover();
  return boxes.length;
}
