// Renews the figures of the page from where data-live says. Without it the page shows those of its loading.
"use strict";
(() => {
  const source = document.querySelector("[data-live]");
  if (!source) return;
  const pause = 3000;

  const show = (reply) => {
    for (const { name, text } of reply.figures) {
      for (const place of document.querySelectorAll(`[data-figure="${name}"]`)) {
        if (place.textContent !== text) place.textContent = text;
      }
    }
    for (const { name, points } of reply.lines) {
      for (const line of document.querySelectorAll(`[data-line="${name}"]`)) line.setAttribute("points", points);
      for (const area of document.querySelectorAll(`[data-area="${name}"]`)) {
        area.setAttribute("points", `0,48 ${points} ${area.closest("svg").viewBox.baseVal.width},48`);
      }
    }
    for (const pill of document.querySelectorAll("[data-state]")) {
      pill.className = reply.ready ? "pill good" : "pill bad";
    }
  };

  const note = (text) => {
    for (const place of document.querySelectorAll("[data-script]")) place.textContent = text;
  };

  const renew = async () => {
    let wait = pause;
    if (!document.hidden) {
      try {
        const reply = await fetch(source.dataset.live, { cache: "no-store", redirect: "error" });
        if (reply.status === 401) return note("You were signed out: load the page again to sign in.");
        if (reply.ok) {
          show(await reply.json());
          note("The figures renew themselves every 3 seconds.");
        }
      } catch {
        note("The server does not answer; trying again.");
        wait = 3 * pause;
      }
    }
    setTimeout(renew, wait);
  };

  for (const place of document.querySelectorAll("[data-script]")) place.hidden = false;
  setTimeout(renew, pause);
})();
