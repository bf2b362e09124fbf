// All that is to be known of the reports in a browser, found with one start of it. What is good, the tests say.
import { mkdirSync } from "node:fs";
import { asked, open, start, PHONE, WIDE } from "./browser.mjs";
import * as axe from "./axe.mjs";
import * as filter from "./filter.mjs";
import * as layout from "./layout.mjs";
import * as reach from "./reach.mjs";

const wanted = await asked();
const browser = await start(wanted.chromium);
const found = { browser: browser.version(), reports: {}, milliseconds: {} };
try {
  const all = Object.entries(wanted.reports);
  // Side by side: a large one takes as long as all of the others.
  await Promise.all([
    lookedAll(all.filter(([, { large }]) => large)),
    lookedAll(all.filter(([, { large }]) => !large)).then(async () => {
      await timed("filter", async () => { found.filter = await filtered(wanted.reports[wanted.filter.report]); });
      await timed("attacked", async () => { found.attacked = await attacked(wanted.attacked); });
    }),
  ]);
} finally {
  await browser.close();
}
process.stdout.write(JSON.stringify(found));

async function lookedAll(reports) {
  for (const [name, report] of reports) {
    await timed(name, async () => { found.reports[name] = await looked(name, report); });
  }
}

async function timed(name, work) {
  const began = Date.now();
  await work();
  found.milliseconds[name] = Date.now() - began;
}

/** Everything about one report. A large one is looked at as it opens; a small one with all of its details open. */
async function looked(name, { file, large }) {
  const { page, seen, close } = await open(browser, file);
  const facts = { seen };
  if (wanted.pictures) await pictures(page, name, large);
  if (large) facts.pace = await filter.pace(page, large.words);
  facts.headings = await layout.headings(page);
  if (!large) {
    facts.stops = await reach.stops(page);
    await layout.openEverything(page);
  }
  facts.widths = await layout.widths(page, { large });
  if (!large) {
    facts.colours = await layout.colours(page);
    facts.paper = await layout.paper(page);
    facts.motion = await layout.motion(page);
    facts.roles = await reach.roles(page);
    facts.words = await page.evaluate(layout.words);
    facts.silent = await silent(file);
  }
  if (large && !wanted.whole) facts.left = await axe.thin(page);
  await axe.bring(page);
  facts.axe = await axe.everywhere(page);
  if (name === wanted.spoiled) facts.spoiled = await axe.spoiled(page);
  await close();
  return facts;
}

/** The report where no script may run. */
async function silent(file) {
  const { page, close } = await open(browser, file, { scripts: false });
  const controls = await page.locator("form").evaluateAll((all) => all.filter((one) => one.checkVisibility()).length);
  const shown = await page.locator("article:visible").count();
  const first = page.locator("article > details").first();
  const toggled = shown === 0 ? null : [await first.getAttribute("open") !== null];
  if (toggled) {
    await first.locator("> summary").click();
    toggled.push(await first.getAttribute("open") !== null);
  }
  await layout.openEverything(page);
  const words = await page.evaluate(layout.words);
  await close();
  return { controls, shown, toggled, words };
}

async function filtered({ file }) {
  const { page, seen, close } = await open(browser, file);
  const steps = await filter.walk(page, wanted.filter.steps);
  const places = await filter.places(page, wanted.filter.place);
  await close();
  return { steps, places, seen };
}

/** What became of a report that somebody's script got into, with the page's own policy and without. */
async function attacked(files) {
  const results = {};
  for (const [name, file] of Object.entries(files)) {
    const { page, seen, close } = await open(browser, file);
    await page.evaluate(() => new Promise((done) => { setTimeout(done, 50); }));
    const sticking = await page.evaluate(layout.sticking);
    results[name] = { title: await page.title(), failed: seen.failed, said: seen.console.length, sticking };
    await close();
  }
  return results;
}

async function pictures(page, name, large) {
  mkdirSync(wanted.pictures, { recursive: true });
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    for (const [kind, size] of Object.entries({ desktop: WIDE, phone: PHONE })) {
      // Of a large one, one of each is enough: it takes the browser a second.
      if (large && (kind === "phone") !== (colorScheme === "dark")) continue;
      await page.setViewportSize(size);
      const height = large ? size.height : Math.min(2400, await page.evaluate(() => document.body.scrollHeight + 1));
      await page.setViewportSize({ width: size.width, height });
      await page.screenshot({ path: `${wanted.pictures}/${name}-${kind}-${colorScheme}.png` });
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize(WIDE);
}
