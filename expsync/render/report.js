"use strict";
(() => {
  const form = document.getElementById("filter");
  const words = document.getElementById("filter-words");
  const kind = document.getElementById("filter-kind");
  const told = document.getElementById("filter-told");
  const all = [...document.querySelectorAll("article")];
  let texts;

  function show() {
    texts ??= all.map((article) => article.textContent.toLowerCase());
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    all.forEach((article, place) => {
      const fits = kind.value === "" || article.dataset.kinds.split(" ").includes(kind.value);
      article.hidden = !(fits && wanted.every((word) => texts[place].includes(word)));
      shown += article.hidden ? 0 : 1;
    });
    told.textContent = `${shown} of ${all.length} shown`;
  }

  function showAll() {
    words.value = kind.value = "";
    show();
  }

  function openAll(open) {
    all.forEach((article) => { if (!article.hidden) article.firstElementChild.open = open; });
  }

  function openTarget() {
    const target = all.find((article) => `#${article.id}` === location.hash);
    if (!target) return;
    if (target.hidden) showAll();
    target.firstElementChild.open = true;
    target.scrollIntoView();
  }

  form.addEventListener("submit", (event) => event.preventDefault());
  // Some browsers clear a search field with Escape by themselves; from the other controls, none does.
  form.addEventListener("keydown", (event) => { if (event.key === "Escape") showAll(); });
  words.addEventListener("input", show);
  kind.addEventListener("change", show);
  document.getElementById("filter-open").addEventListener("click", () => openAll(true));
  document.getElementById("filter-close").addEventListener("click", () => openAll(false));
  addEventListener("hashchange", openTarget);
  form.hidden = false;
  openTarget();
})();
