// How a report lies on screens and on paper.
import { PHONE, WIDE } from "./browser.mjs";

// 640 and 320 are what is left of 1280 at a zoom of 200 and of 400 %.
const WIDTHS = [WIDE.width, 640, PHONE.width, 320];

/** By width, how far the page is wider than the screen, and which elements stick out of it. */
export async function widths(page, { large }) {
  const found = {};
  for (const width of large ? [WIDE.width, PHONE.width] : WIDTHS) {
    await page.setViewportSize({ width, height: WIDE.height });
    found[width] = await page.evaluate(sticking);
  }
  if (!large) {
    await page.setViewportSize(PHONE);
    found.spaced = await page.evaluate(spaced).then(() => page.evaluate(sticking));
    await page.evaluate(() => { document.adoptedStyleSheets = []; });
  }
  await page.setViewportSize(WIDE);
  return found;
}

export function sticking() {
  const edge = document.documentElement.clientWidth;
  const out = [...document.body.querySelectorAll("*")].filter((element) => {
    // Where something is that can't be seen takes the browser long to tell.
    if (!element.checkVisibility()) return false;
    const box = element.getBoundingClientRect();
    return box.width > 0 && (box.right > edge + 1 || box.left < -1) && !element.matches(".skip:not(:focus)");
  });
  const name = (element) => `${element.tagName.toLowerCase()}.${element.getAttribute("class") ?? ""}`;
  return { over: document.documentElement.scrollWidth - edge, out: out.slice(0, 5).map(name) };
}

/** The spaces between letters, words and lines that WCAG 1.4.12 asks a page to bear. */
function spaced() {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }");
  document.adoptedStyleSheets = [sheet];
}

/** The colours of the page and of its words in both schemes, and on paper with the dark one set. */
export async function colours(page) {
  const found = {};
  const ways = { light: {}, dark: {}, print: { colorScheme: "dark", media: "print" } };
  for (const [way, settings] of Object.entries(ways)) {
    await page.emulateMedia({ colorScheme: way, ...settings });
    found[way] = await page.evaluate(() => {
      const { backgroundColor, color } = getComputedStyle(document.body);
      return [backgroundColor, color];
    });
  }
  await page.emulateMedia({ colorScheme: "light", media: "screen" });
  return found;
}

/** What is to be seen of the page on paper: its controls, whether marks keep their colour, how far it is too wide. */
export async function paper(page) {
  await page.emulateMedia({ media: "print" });
  const found = await page.evaluate(() => ({
    controls: [...document.querySelectorAll("form, .skip")].filter((one) => one.checkVisibility()).length,
    marks: [...new Set([...document.querySelectorAll(".swatch")].map((one) => getComputedStyle(one).printColorAdjust))],
    over: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  }));
  await page.emulateMedia({ media: "screen" });
  const pdf = await page.pdf({ format: "A4" });
  return { ...found, begins: pdf.subarray(0, 5).toString("latin1") };
}

/** How many things move by themselves, for who asked for less of it and for who did not. */
export async function motion(page) {
  const found = {};
  for (const reducedMotion of ["reduce", "no-preference"]) {
    await page.emulateMedia({ reducedMotion });
    found[reducedMotion] = await page.evaluate(() => {
      const moving = [...document.querySelectorAll("*")].filter((element) => {
        const { animationName, scrollBehavior, transitionDuration } = getComputedStyle(element);
        return animationName !== "none" || scrollBehavior !== "auto" || transitionDuration !== "0s";
      });
      return moving.length + document.getAnimations().length;
    });
  }
  return found;
}

/** The levels of the headings that can be seen, in order. */
export function headings(page) {
  return page.evaluate(() =>
    [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")]
      .filter((one) => one.checkVisibility()).map((one) => Number(one.tagName[1])));
}

/** All that can be read, but for the words of the filter, which is there only where it works. */
export function words() {
  const form = document.querySelector("form");
  const hidden = form?.hidden;
  if (form) form.hidden = true;
  const found = document.body.innerText;
  if (form) form.hidden = hidden;
  return found;
}

export function openEverything(page) {
  return page.evaluate(() => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
}
