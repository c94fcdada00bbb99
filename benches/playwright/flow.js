// The popup sign-in by Playwright. The first line of standard input names browser, application and person; for each further line one
// flow runs in a new context, and its milliseconds go to standard output. The end of standard input ends the browser.
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const { executable, application, email, password } = JSON.parse((await lines.next()).value);
const browser = await chromium.launch({ executablePath: executable });

async function flow() {
  const began = performance.now();
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  await page.goto(application);
  const [popup] = await Promise.all([page.waitForEvent('popup'), page.click('#login')]);
  await popup.fill('#email', email);
  await popup.fill('#password', password);
  await popup.click('#sign-in-submit');
  await popup.waitForSelector('#allow');
  await Promise.all([popup.waitForEvent('close'), popup.click('#allow')]);
  await page.waitForSelector('#user');
  await context.close();
  return performance.now() - began;
}

try {
  console.log(browser.version());
  for await (const _line of lines) console.log(await flow());
} finally {
  await browser.close();
}
