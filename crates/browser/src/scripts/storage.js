// All that this origin keeps in the browser.
async () => {
  const entries = name => {
    try { return Object.entries(window[name]); } catch { return []; }
  };
  const done = request => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const kept = [];
  try {
    for (const { name } of await indexedDB.databases()) {
      const database = await done(indexedDB.open(name));
      for (const store of database.objectStoreNames) {
        const objects = database.transaction(store).objectStore(store);
        const [keys, values] = await Promise.all([done(objects.getAllKeys()), done(objects.getAll())]);
        keys.forEach((key, i) => kept.push([`${name}/${store}/${JSON.stringify(key)}`, JSON.stringify(values[i]) ?? "null"]));
      }
      database.close();
    }
  } catch { /* an opaque origin keeps nothing */ }
  const cached = [];
  try {
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      for (const request of await cache.keys()) {
        const answer = await cache.match(request, { ignoreVary: true });
        cached.push([`${name} ${request.url}`, await answer.text()]);
      }
    }
  } catch { /* nor has it a cache */ }
  return { local: entries("localStorage"), session: entries("sessionStorage"), indexed_db: kept, cached };
}
