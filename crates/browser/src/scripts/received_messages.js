// Runs before a page's own scripts. Keeps what other windows and channels of this origin tell the page, beyond its next document.
name => {
  const keep = event => {
    try {
      const kept = JSON.parse(sessionStorage.getItem(name) ?? "[]");
      sessionStorage.setItem(name, JSON.stringify([...kept, event.data]));
    } catch { /* a page without storage, or a message that is no data */ }
  };
  addEventListener("message", keep, true);
}
