// Runs before a page's own scripts. The wrapper is of the posting page's own world: the receiver sees the same source as without it.
prefix => {
  const tell = console.debug.bind(console);
  for (const name of ["opener", "parent"]) {
    const real = window[name];
    if (!real || real === window) continue;
    const post = (...given) => {
      const wish = given[1];
      tell(prefix, String((typeof wish === "object" && wish !== null ? wish.targetOrigin : wish) ?? "/"));
      return real.postMessage(...given);
    };
    const seen = new Proxy(real, {
      get: (_, key) => {
        if (key === "postMessage") return post;
        const value = Reflect.get(real, key);
        return typeof value === "function" ? value.bind(real) : value;
      },
      set: (_, key, value) => Reflect.set(real, key, value),
    });
    Object.defineProperty(window, name, { configurable: true, get: () => seen });
  }
}
