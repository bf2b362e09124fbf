// Chromium as the tests start it: without a sandbox of its own (a container has none to give), and asking nobody.
import { chromium } from "playwright-core";

const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];

export const WIDE = { width: 1280, height: 900 };
export const PHONE = { width: 390, height: 844 };

export function start(executablePath) {
  return chromium.launch({ executablePath, args: FLAGS, timeout: 60_000 });
}

/** The JSON that the program is given on its standard input. */
export async function asked() {
  let text = "";
  for await (const part of process.stdin) text += part;
  return JSON.parse(text);
}

/** A page of its own, offline, with the file opened in it; `seen` is filled with what it says, asks for and tries. */
export async function open(browser, file, { scripts = true, ...settings } = {}) {
  const context = await browser.newContext({
    viewport: WIDE, offline: true, javaScriptEnabled: scripts, serviceWorkers: "block", ...settings,
  });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const seen = { console: [], errors: [], requests: [], failed: [], dialogs: [] };
  page.on("console", (message) => seen.console.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => seen.errors.push(String(error)));
  page.on("request", (request) => seen.requests.push(request.url()));
  page.on("requestfailed", (request) => seen.failed.push(`${request.url()} ${request.failure().errorText}`));
  page.on("dialog", async (dialog) => {
    seen.dialogs.push(dialog.message());
    await dialog.dismiss();
  });
  await page.goto(`file://${file}`);
  return { page, seen, close: () => context.close() };
}
