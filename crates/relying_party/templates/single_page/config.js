// What the application is told of its surroundings: public, all of it.
export const config = await (await fetch("/config.json", { cache: "no-store" })).json();
