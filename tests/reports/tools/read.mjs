// Reads a report with the format's own program: node read.mjs har|junit|messages FILE [OUT]. Ends with 1 and says why when it does not read.
import { createReadStream, createWriteStream, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { once } from "node:events";

const [kind, file, out] = process.argv.slice(2);
const refuse = (why) => { console.error(why); process.exit(1); };

const readers = {
  async har() {
    const { har } = await import("har-validator/lib/promise.js").then((module) => module.default);
    await har(JSON.parse(readFileSync(file, "utf8"))).catch((error) => refuse(JSON.stringify(error.errors, null, 1)));
  },
  async junit() {
    const { validateXML } = await import("xmllint-wasm");
    const schema = readFileSync(new URL("junit.xsd", import.meta.url), "utf8");
    const told = await validateXML({ xml: [{ fileName: "junit.xml", contents: readFileSync(file, "utf8") }], schema: [schema] });
    if (!told.valid) refuse(told.errors.map((error) => error.rawMessage ?? error.message).join("\n"));
  },
  // The official formatter's page; a browser has to render it.
  async messages() {
    const { CucumberHtmlStream } = await import("@cucumber/html-formatter");
    const page = new CucumberHtmlStream();
    const written = once(page.pipe(createWriteStream(out)), "finish");
    for await (const line of createInterface({ input: createReadStream(file) })) page.write(JSON.parse(line));
    page.end();
    await written;
  },
};
const read = readers[kind] ?? (() => refuse(`no reader for ${kind}`));
await read();
