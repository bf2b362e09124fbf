// The filter, used as somebody would: what is shown and told after each step.

/** What is to be seen now. */
export function state(page) {
  return page.evaluate(() => {
    const words = (one) => one.querySelector("h3").textContent;
    const shown = [...document.querySelectorAll("article")].filter((one) => one.checkVisibility());
    const active = document.activeElement;
    return {
      shown: shown.map(words),
      open: shown.filter((one) => one.firstElementChild.open).map(words),
      told: document.getElementById("filter-told").textContent,
      focus: active.id || active.tagName.toLowerCase(),
    };
  });
}

/** The state after each step, by the step's name; a step is keys to press, in order, or a text to type. */
export async function walk(page, steps) {
  const found = {};
  for (const [name, keys] of steps) {
    for (const key of keys) {
      if (key.startsWith("type ")) await page.keyboard.type(key.slice(5));
      else await page.keyboard.press(key);
    }
    found[name] = await state(page);
  }
  return found;
}

/** The states when an address with a place in it is opened, and when a link leads to what the filter hides. */
export async function places(page, { file, number }) {
  const found = {};
  await page.goto(`file://${file}#e${number}`);
  found.opened = await state(page);
  found.top = await page.evaluate((id) => document.getElementById(id).getBoundingClientRect().top, `e${number}`);
  await page.fill("#filter-words", "nothing has this");
  found.hidden = await state(page);
  await page.click("#summary a >> nth=0");
  found.followed = await state(page);
  return found;
}

/** How many are shown of a long report for each of the words, and the slowest answer in milliseconds. */
export async function pace(page, words) {
  const found = {};
  let slowest = 0;
  for (const word of words) {
    const { told, took } = await page.evaluate(async (text) => {
      const field = document.getElementById("filter-words");
      const began = performance.now();
      field.value = text;
      field.dispatchEvent(new Event("input"));
      document.body.getBoundingClientRect();
      return { told: document.getElementById("filter-told").textContent, took: performance.now() - began };
    }, word);
    found[word] = told;
    slowest = Math.max(slowest, took);
  }
  return { told: found, slowest };
}
