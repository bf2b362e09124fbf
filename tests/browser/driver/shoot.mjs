// Pictures of parts of a report, as a reader sees it.
import { asked, open, start } from "./browser.mjs";

const wanted = await asked();
const browser = await start(wanted.chromium);
try {
  for (const { path, width, height, colorScheme, top } of wanted.pictures) {
    const { page, close } = await open(browser, wanted.report, { viewport: { width, height }, colorScheme });
    await page.evaluate((part) => document.querySelector(part).scrollIntoView(), top);
    await page.screenshot({ path });
    await close();
  }
} finally {
  await browser.close();
}
process.stdout.write("{}");
