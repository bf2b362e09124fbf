// Who can reach what: with the keyboard, and with a screen reader.
import { PHONE, WIDE } from "./browser.mjs";

const MOST = 80;

/** What Tab comes to, one stop after the other, and what it should have come to. */
export async function stops(page) {
  const expected = await page.evaluate(() => {
    window.nameOf = (element) => {
      const words = element.labels?.[0]?.firstChild?.textContent ?? element.textContent;
      return `${element.tagName.toLowerCase()} ${words.trim().replace(/\s+/g, " ").slice(0, 60)}`;
    };
    const all = document.querySelectorAll("a[href], button, input, select, summary");
    return [...all].filter((one) => one.checkVisibility()).map(window.nameOf);
  });
  const reached = [];
  while (reached.length < MOST) {
    await page.keyboard.press("Tab");
    const stop = await page.evaluate(() => {
      const element = document.activeElement;
      if (element === document.body) return null;
      const box = element.getBoundingClientRect();
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      const seen = box.width > 0 && box.right > 0 && box.left < innerWidth && box.bottom > 0 && box.top < innerHeight;
      return { name: window.nameOf(element), outline: `${outlineWidth} ${outlineStyle}`, seen };
    });
    if (stop === null) break;
    reached.push(stop);
  }
  return { expected, reached };
}

/** How many elements of each role a screen reader is told of, on a wide screen and on a phone. */
export async function roles(page) {
  const session = await page.context().newCDPSession(page);
  const found = {};
  for (const [name, size] of Object.entries({ wide: WIDE, phone: PHONE })) {
    await page.setViewportSize(size);
    const { nodes } = await session.send("Accessibility.getFullAXTree");
    const counts = {};
    for (const node of nodes) {
      const role = node.role?.value;
      if (!node.ignored && /^(table|row|cell|columnheader|rowheader|img|figure|search|status|region)$/.test(role)) {
        counts[role] = (counts[role] ?? 0) + 1;
      }
    }
    found[name] = counts;
  }
  await page.setViewportSize(WIDE);
  await session.detach();
  return found;
}
