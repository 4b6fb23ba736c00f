// The queue: rows that slide in, are ticked and worked on by keys, without the page ever being loaded again.
// Follows helpdesk.js, whose window.helpdesk it uses. Words come from the page (data attributes).
"use strict";
(() => {
  const { all, one, fill, remember, typing, keysOn, poll, tickAll, openSheet, prepare } = window.helpdesk;
  const list = one("#queue");
  const MARKED_FOR = 4000; // milliseconds; the stylesheet fades as long
  const TOLD_FOR = 12000;

  // What happens at once is said together, and the same words again are news again.
  const saying = new Set();
  const sayAll = () => { one("#queue-news").textContent = [...saying].join(", "); saying.clear(); };
  const say = (words) => {
    if (!saying.size) { one("#queue-news").textContent = ""; setTimeout(sayAll, 100); }
    saying.add(words);
  };
  const numberOf = (row) => `HD-${row.id.slice(1)}`;
  const linkOf = (row) => one(".what a", row);
  const rows = () => all(":scope > .row", list);

  // ---- live: what the server says anew, less what the clock alone has changed in it ----
  const factsOf = (row) => {
    const copy = row.cloneNode(true);
    for (const due of all("[data-due-at]", copy)) {
      due.className = "due";
      all("b, .bar", due).forEach((part) => part.remove());
    }
    all(":is(.fresh, .changed)", copy).forEach((part) => part.classList.remove("fresh", "changed"));
    return copy.innerHTML;
  };
  const known = new Map(rows().map((row) => [row.id, factsOf(row)]));

  const mark = (row, how) => {
    row.classList.add(how);
    setTimeout(() => row.classList.remove(how), MARKED_FOR);
  };

  // The row stays the same element: who stands on it, or has ticked it, still does.
  const renew = (row, fresh) => {
    const ticked = one(".tick input", row)?.checked;
    const focused = row.contains(document.activeElement) ? document.activeElement.matches("input") ? ".tick input" : ".what a" : null;
    row.replaceChildren(...fresh.childNodes);
    if (ticked) one(".tick input", row).checked = true;
    if (focused) one(focused, row)?.focus({ preventScroll: true });
    mark(row, "changed");
  };

  const placed = (fresh) => {
    const row = fresh.id && document.getElementById(fresh.id);
    const facts = fresh.id && factsOf(fresh);
    if (fresh.id) known.set(fresh.id, facts);
    if (!row) {
      if (fresh.id) mark(fresh, "fresh");
      return fresh;
    }
    if (row.facts !== facts) renew(row, fresh);
    return row;
  };

  // Moving an element takes the focus from it, and the page along where it moves above what one reads.
  const holdingStill = (change) => {
    const focused = list.contains(document.activeElement) ? document.activeElement : null;
    const inSight = (row) => row && row.getBoundingClientRect().bottom > 60 && row.getBoundingClientRect().top < innerHeight;
    const held = [focused?.closest(".row"), ...rows()].find(inSight);
    const top = held?.getBoundingClientRect().top;
    const wasScrolled = window.scrollY > 0;
    change();
    if (focused?.isConnected && document.activeElement !== focused) focused.focus({ preventScroll: true });
    if (wasScrolled && held?.isConnected) window.scrollBy(0, held.getBoundingClientRect().top - top);
  };

  const slide = (_box, html) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    const fresh = page.getElementById("queue");
    const before = new Set(rows().map((row) => row.id));
    for (const row of rows()) row.facts = known.get(row.id);
    holdingStill(() => {
      const wanted = [...fresh.children].map(placed);
      all(":scope > *", list).filter((item) => !wanted.includes(item)).forEach((item) => { known.delete(item.id); item.remove(); });
      wanted.forEach((item, at) => { if (list.children[at] !== item) list.insertBefore(item, list.children[at] ?? null); });
    });
    list.dataset.seen = fresh.dataset.seen;
    countAnew(page);
    const count = rows().filter((row) => !before.has(row.id)).length;
    if (count) say(count === 1 ? list.dataset.newOne : fill(list.dataset.newMany, count));
    tickAll();
    showChosen();
  };

  const countAnew = (page) => {
    for (const count of all("[data-also]", page)) {
      const shown = document.getElementById(count.dataset.also);
      if (!shown) continue;
      shown.textContent = count.textContent;
      shown.closest("a").classList.toggle("hot", "hot" in count.dataset);
    }
  };

  // ---- a countdown that comes to its end is said once ----
  const hearStates = (changes) => {
    for (const { target, oldValue } of changes) {
      const [was, is] = [oldValue, target.className].map((name) => /\b(soon|late)\b/.exec(name)?.[0]);
      const row = is && is !== was && target.matches("[data-due-at]") && target.closest(".row");
      if (row && !row.matches(".fresh, .changed")) say(fill(is === "late" ? list.dataset.isLate : list.dataset.isSoon, numberOf(row)));
    }
  };

  // ---- chosen rows ----
  const bar = one(".bulk");
  const showChosen = () => {
    if (!bar) return;
    const count = all(".tick :checked", list).length;
    const words = one("[data-chosen]", bar);
    const said = fill(words.dataset.chosen, count);
    if (count && words.textContent !== said) words.textContent = said;
  };

  // ---- deeds: done where one stands; what the server says of them is shown here ----
  const tell = (flash) => {
    one(".toasts").append(flash);
    setTimeout(() => flash.remove(), TOLD_FOR);
  };

  const send = async (url, data) => {
    const answer = await fetch(url, { method: "POST", body: data }).catch(() => null);
    const page = answer && new DOMParser().parseFromString(await answer.text(), "text/html");
    return { answer, page };
  };

  const isDone = ({ answer, page }) => {
    if (!answer?.redirected) return false;
    if (!/^\/(tickets|queue)\b/.test(new URL(answer.url).pathname)) location.assign(answer.url); // signed out meanwhile
    all(".flash", page).forEach(tell);
    poll(list);
    return true;
  };

  const accept = async (row) => {
    const data = new FormData();
    data.append("csrf_token", one("[name=csrf_token]").value);
    data.append("seen", list.dataset.seen);
    if (!isDone(await send(`${linkOf(row).getAttribute("href")}/accept`, data))) location.assign(linkOf(row).href);
  };

  // The sheet of a deed stays open until the server takes what is in it.
  const inPlace = async (event) => {
    const form = event.target.closest("dialog.sheet form[method=post]");
    if (!form || !/^\/tickets\//.test(new URL(form.action).pathname)) return;
    event.preventDefault();
    const button = event.submitter;
    if (button) button.disabled = true;
    const sent = await send(form.action, new FormData(form, button));
    if (button) button.disabled = false;
    const dialog = form.closest("dialog");
    if (sent.answer?.redirected) {
      if (form.dataset.keep) remember("sessionStorage", `draft:${form.dataset.keep}`, null);
      remember("sessionStorage", "sent", null);
      dialog.close();
      isDone(sent);
      return;
    }
    const body = sent.page && one("[data-sheet-body]", sent.page);
    if (!body) { form.submit(); return; } // no connection, or no form any more: the browser says what is
    one("h1", body).id = "sheet-title";
    dialog.replaceChildren(...body.childNodes);
    prepare(dialog);
    one("#fixes", dialog)?.focus();
  };

  const openDeed = (row, deed) => {
    const link = document.createElement("a");
    link.href = `${linkOf(row).getAttribute("href")}/${deed}`;
    link.focus = () => linkOf(row)?.focus({ preventScroll: true });
    openSheet(link);
  };

  const write = (row, key) => location.assign(`${linkOf(row).getAttribute("href")}#key=${key}`);
  const DEEDS = {
    x: (row) => { one(".tick input", row).click(); },
    a: accept,
    r: (row) => write(row, "r"),
    n: (row) => write(row, "n"),
    w: (row) => openDeed(row, "wait"),
    e: (row) => openDeed(row, "resolve"),
    s: (row) => openDeed(row, "assign"),
    t: (row) => openDeed(row, "triage"),
  };

  // Before helpdesk.js, which takes what no row is there for.
  const onKey = (event) => {
    const row = document.activeElement?.closest?.("#queue > .row");
    if (!row || !bar || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (window.helpdesk.goes() || !keysOn() || typing(event.target) || one("dialog[open]") || !DEEDS[event.key]) return;
    event.preventDefault();
    DEEDS[event.key](row);
  };

  list.freshen = slide;
  list.addEventListener("change", showChosen);
  list.closest("form").addEventListener("reset", () => setTimeout(showChosen));
  document.addEventListener("keydown", onKey, true);
  document.addEventListener("submit", inPlace);
  new MutationObserver(hearStates).observe(list, { subtree: true, attributes: true, attributeFilter: ["class"], attributeOldValue: true });
  showChosen();
})();
