// The accessibility rules of axe-core, run in the page.
import { createRequire } from "node:module";
import { PHONE, WIDE } from "./browser.mjs";

const SOURCE = createRequire(import.meta.url)("axe-core").source;
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

export async function bring(page) {
  await page.evaluate(SOURCE);
}

/** The violations of levels A and AA as the page is now, how many rules it was held against, and how long it took. */
export function violations(page) {
  return page.evaluate(async (values) => {
    const began = performance.now();
    const found = await axe.run(document, { runOnly: { type: "tag", values }, resultTypes: ["violations"] });
    return {
      violations: found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(" ")).join(", ")}`),
      rules: found.passes.length + found.violations.length + found.incomplete.length,
      milliseconds: Math.round(performance.now() - began),
    };
  }, TAGS);
}

/** The violations in both schemes, on a wide screen and on a phone. */
export async function everywhere(page) {
  const found = {};
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    for (const [name, size] of Object.entries({ wide: WIDE, phone: PHONE })) {
      await page.setViewportSize(size);
      found[`${colorScheme} ${name}`] = await violations(page);
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize(WIDE);
  return found;
}

/** Leaves the first and the last of what stands in a row of very many: a rule takes a millisecond an element. */
export function thin(page) {
  return page.evaluate(() => {
    const long = [...document.querySelectorAll("main *")].filter((one) => one.childElementCount > 12);
    for (const element of long) [...element.children].slice(6, -4).forEach((one) => one.remove());
    return document.querySelectorAll("*").length;
  });
}

/** What axe says of a page with three defects, each of which a reader would stumble over. */
export async function spoiled(page) {
  await page.evaluate(() => {
    const picture = document.createElement("img");
    const pale = document.createElement("p");
    pale.textContent = "hard to read";
    pale.style.color = "#999999";
    const field = document.createElement("input");
    document.querySelector("main").append(picture, pale, field);
  });
  return violations(page);
}
