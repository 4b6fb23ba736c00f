// Helpdesk's one script. Every page works without it; it makes deadlines tick, lists refresh and keys work.
// Words come from the page (data attributes), so that they are translated with it.
"use strict";
(() => {
  const root = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const one = (selector, within = document) => within.querySelector(selector);
  const fill = (words, value) => words.replace("{}", value);

  // Storage may be forbidden; then nothing is remembered and everything else goes on.
  const remember = (store, key, value) => {
    try {
      if (value === undefined) return window[store].getItem(key);
      if (value === null) window[store].removeItem(key);
      else window[store].setItem(key, value);
    } catch { /* not allowed to remember */ }
    return null;
  };

  // ---- deadlines: the word, the bar and the state go on without a reload ----
  const SOON = 80; // percent used up; the server's templates say the same

  const spell = (seconds) => {
    const minutes = Math.floor(seconds / 60);
    const { hours, minutes: short } = document.body.dataset;
    if (minutes < 60) return short.replace("{m}", minutes);
    return hours.replace("{h}", Math.floor(minutes / 60)).replace("{m}", String(minutes % 60).padStart(2, "0"));
  };

  const tick = (due) => {
    const left = (Date.parse(due.dataset.dueAt) - Date.now()) / 1000;
    if (!(Math.abs(left) < 86400)) return; // a day away it is a date, not a countdown
    const { left: ahead, late } = document.body.dataset;
    one("b", due).textContent = fill(left < 0 ? late : ahead, spell(Math.abs(left)));
    const used = tickBar(due, left);
    due.classList.toggle("late", left < 0);
    due.classList.toggle("soon", left >= 0 && used >= SOON);
    due.classList.toggle("ok", left >= 0 && used < SOON);
  };

  // The server knows the share at rendering; from there it runs evenly to full at the due instant.
  const tickBar = (due, left) => {
    const rect = one(".bar rect", due);
    if (!rect) return due.classList.contains("soon") ? SOON : 0;
    due.first ??= { share: parseFloat(rect.getAttribute("width")), left: Math.max(left, 1) };
    const used = left <= 0 ? 100 : 100 - (100 - due.first.share) * Math.min(left / due.first.left, 1);
    rect.setAttribute("width", `${used.toFixed(1)}%`);
    return used;
  };

  const tickAll = () => all("[data-due-at]").forEach(tick);

  // ---- keys: j and k walk the rows, data-key elements are pressed by their letter ----
  const typing = (element) => element.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
  const shown = (element) => element.checkVisibility?.() ?? element.offsetParent !== null;
  const keysOn = () => remember("localStorage", "keys") !== "off";

  const walk = (step) => {
    const links = all(".rows .row .what a").filter(shown);
    const at = links.findIndex((link) => link.closest(".row").contains(document.activeElement));
    const next = links[at < 0 ? 0 : Math.min(Math.max(at + step, 0), links.length - 1)];
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
  };

  // data-then-focus names the field in which one goes on after a key.
  const press = (element) => {
    if (element.matches("input:not([type=checkbox], [type=radio]), textarea, select")) element.focus();
    else element.click();
    document.getElementById(element.dataset.thenFocus)?.focus();
  };

  const showKeys = () => {
    const list = one("#keys dl");
    all(".own", list).forEach((entry) => entry.remove());
    for (const element of all("[data-key], [data-go]").filter(shown)) {
      const [term, words, kbd] = ["dt", "dd", "kbd"].map((tag) => document.createElement(tag));
      kbd.textContent = element.dataset.key ?? `g ${element.dataset.go}`;
      const copy = element.cloneNode(true);
      all("kbd, .num", copy).forEach((hint) => hint.remove());
      words.textContent = element.dataset.keyLabel ?? copy.textContent.trim();
      term.className = words.className = "own";
      term.append(kbd);
      list.append(term, words);
    }
    one("#keys").showModal();
  };

  // After g the next letter is a way: [data-go].
  let goUntil = 0;
  const awaitGo = () => { goUntil = Date.now() + 2000; };

  const onKey = (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.target.closest("textarea")?.form.requestSubmit();
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
    if (!keysOn() || one("dialog[open]")) return;
    if (typing(event.target)) {
      if (event.key === "Escape") event.target.blur(); // from here on letters are keys again
      return;
    }
    const goes = Date.now() < goUntil;
    goUntil = 0;
    const act = goes ? null : { j: () => walk(1), k: () => walk(-1), g: awaitGo, "?": showKeys }[event.key];
    const name = goes ? "go" : "key";
    const element = act ? null : all(`[data-${name}]`).find((e) => e.dataset[name] === event.key && shown(e));
    if (!act && !element) return;
    event.preventDefault();
    if (act) act();
    else press(element);
  };

  // ---- lists that keep themselves fresh: [data-poll-url] with an id, optional data-poll-seconds, and
  // data-poll-while: what must stand in it for it to ask again ----
  const busy = (box) => document.hidden || one("dialog[open]") || (box.contains(document.activeElement) && typing(document.activeElement));

  const freshen = (box, html) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    const fresh = (box.id && page.getElementById(box.id)) || page.body;
    const focused = box.contains(document.activeElement) ? document.activeElement.closest("[id]")?.id : null;
    const ticked = all("input:checked", box).map((input) => [input.name, input.value]);
    const unfolded = all("details[open][id]", box).map((part) => part.id);
    const y = window.scrollY;
    box.replaceChildren(...fresh.childNodes);
    // What came along for elsewhere on the page: counts in the rail.
    for (const also of all("[data-also]", page)) document.getElementById(also.dataset.also)?.replaceChildren(...also.childNodes);
    all("input", box).forEach((input) => { input.checked ||= ticked.some(([n, v]) => n === input.name && v === input.value); });
    unfolded.forEach((id) => document.getElementById(id)?.setAttribute("open", ""));
    const row = focused ? document.getElementById(focused) : null;
    if (row) (one(".what a, summary", row) ?? row).focus({ preventScroll: true });
    window.scrollTo(window.scrollX, y);
    tickAll();
  };

  const poll = async (box) => {
    if (busy(box) || (box.dataset.pollWhile && !one(box.dataset.pollWhile, box))) return;
    const headers = box.etag ? { "If-None-Match": box.etag } : {};
    const answer = await fetch(box.dataset.pollUrl, { headers, cache: "no-store" }).catch(() => null);
    box.classList.toggle("busy", !answer || answer.status >= 500);
    if (!answer?.ok || answer.redirected) return; // 304: nothing new; redirected: signed out
    const html = await answer.text();
    if (busy(box)) return;
    box.etag = answer.headers.get("ETag");
    (box.freshen ?? freshen)(box, html);
  };

  const keepFresh = (box) => {
    setInterval(poll, Number(box.dataset.pollSeconds || 20) * 1000, box);
    document.addEventListener("visibilitychange", () => poll(box));
  };

  // ---- the bell: [data-bell] counts what is new, and shows it outside of the page once that is switched on ----
  const BELL_EVERY = 20; // seconds
  const notifies = () => window.Notification?.permission === "granted" && remember("localStorage", "notify") === "on";

  const notify = (title, options, url) => {
    try {
      const shown = new Notification(title, options);
      if (url) shown.addEventListener("click", () => { window.focus(); location.assign(url); });
    } catch { /* some phones show notifications for installed apps alone */ }
  };

  const notifyOf = (latest) => {
    const last = Number(remember("localStorage", "notified") ?? 0); // shared, so that one tab of several shows it
    const fresh = latest.filter((alarm) => alarm.id > last).reverse();
    if (fresh.length) remember("localStorage", "notified", String(fresh.at(-1).id));
    for (const { id, title, text, url } of fresh) notify(title, { body: text, tag: `alarm-${id}` }, url);
  };

  const ring = async (bell) => {
    if (document.hidden && !notifies()) return;
    const headers = bell.etag ? { "If-None-Match": bell.etag } : {};
    const answer = await fetch(bell.dataset.bell, { headers, cache: "no-store" }).catch(() => null);
    if (!answer?.ok || answer.redirected) return;
    bell.etag = answer.headers.get("ETag");
    const { count, said, latest } = await answer.json();
    const [number, words] = [one(".num", bell), one("[aria-live]", bell)];
    number.textContent = count < 100 ? count : "99+";
    number.hidden = !count;
    bell.classList.toggle("rings", count > 0);
    if (words.textContent !== said) words.textContent = said;
    if (notifies()) notifyOf(latest);
  };

  const hear = (bell) => {
    if (notifies()) ring(bell); // the page itself has just counted
    setInterval(ring, BELL_EVERY * 1000, bell);
    document.addEventListener("visibilitychange", () => ring(bell));
  };

  // The switch for this browser: [data-notify] with a button and the words for each state.
  const switchNotify = (box) => {
    const [button, words] = [one("button", box), one("[role=status]", box)];
    box.hidden = !window.Notification;
    const said = words.textContent;
    const show = () => {
      const refused = Notification.permission === "denied";
      button.hidden = refused;
      button.textContent = notifies() ? button.dataset.switchOff : button.dataset.switchOn;
      words.textContent = refused ? box.dataset.refused : notifies() ? box.dataset.on : said;
    };
    button.addEventListener("click", async () => {
      const on = !notifies() && await Notification.requestPermission() === "granted";
      remember("localStorage", "notify", on ? "on" : null);
      if (on) notify(document.title, { body: box.dataset.on });
      show();
    });
    if (window.Notification) show();
  };

  // A form that says what opening its page has done already: that the alarms were seen.
  const postItself = async (form) => {
    const answer = await fetch(form.action, { method: "POST", body: new FormData(form) }).catch(() => null);
    if (!answer?.ok) return;
    form.hidden = true;
    all("[data-bell]").forEach(ring);
  };

  // ---- drafts: forms with data-keep="name" survive a reload, an expired session and a fault ----
  const kept = (form) => [...form.elements].filter((e) => e.name && e.matches("textarea, select, input:not([type=hidden], [type=password], [type=file])"));

  const saveDraft = (form) => {
    const values = kept(form).filter((e) => !e.matches("[type=radio], [type=checkbox]") || e.checked).map((e) => [e.name, e.value]);
    remember("sessionStorage", `draft:${form.dataset.keep}`, JSON.stringify(values));
  };

  const restoreDraft = (form) => {
    const draft = remember("sessionStorage", `draft:${form.dataset.keep}`);
    if (!draft || one("[aria-invalid]", form)) return; // after a refusal the server gave everything back
    const values = JSON.parse(draft);
    for (const e of kept(form)) {
      if (e.matches("[type=radio], [type=checkbox]")) e.checked = values.some(([n, v]) => n === e.name && v === e.value);
      else e.value = values.find(([n]) => n === e.name)?.[1] ?? e.value;
    }
  };

  // A draft that was sent is dropped by the next page, unless that page says that it was not taken.
  const dropSentDraft = () => {
    const sent = remember("sessionStorage", "sent");
    if (!sent || document.body.hasAttribute("data-keeps-drafts")) return;
    remember("sessionStorage", `draft:${sent}`, null);
    remember("sessionStorage", "sent", null);
  };

  const keepDraft = (form) => {
    restoreDraft(form);
    form.addEventListener("input", () => saveDraft(form));
    form.addEventListener("submit", () => remember("sessionStorage", "sent", form.dataset.keep));
  };

  // ---- files: dropped or pasted into the field, listed, left out again ----
  const setFiles = (input, files) => {
    const carrier = new DataTransfer();
    files.forEach((file) => carrier.items.add(file));
    input.files = carrier.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };

  const fileEntry = (box, input, file) => {
    const [item, button] = ["li", "button"].map((tag) => document.createElement(tag));
    button.type = "button";
    button.textContent = "×";
    button.setAttribute("aria-label", fill(box.dataset.remove, file.name));
    button.addEventListener("click", () => { setFiles(input, [...input.files].filter((f) => f !== file)); input.focus(); });
    item.append(file.name, button);
    return item;
  };

  const listFiles = (box, input) => {
    const [list, wrong] = [one("ul", box), one(".wrong", box)];
    const large = [...input.files].filter((file) => file.size > Number(box.dataset.maxBytes || Infinity));
    if (large.length) setFiles(input, [...input.files].filter((file) => !large.includes(file))); // comes back here without them
    else list.replaceChildren(...[...input.files].map((file) => fileEntry(box, input, file)));
    list.hidden = !list.children.length;
    wrong.textContent = large.map((file) => fill(box.dataset.tooLarge, file.name)).join(" ");
    wrong.hidden = !large.length;
  };

  const takeFiles = (box) => {
    const input = one("input[type=file]", box);
    const add = (files) => setFiles(input, [...input.files, ...files]);
    input.addEventListener("change", () => listFiles(box, input));
    box.addEventListener("dragover", (event) => { event.preventDefault(); box.classList.add("over"); });
    box.addEventListener("dragleave", () => box.classList.remove("over"));
    box.addEventListener("drop", (event) => { event.preventDefault(); box.classList.remove("over"); add(event.dataTransfer.files); });
    box.closest("form").addEventListener("paste", (event) => {
      if (!event.clipboardData.files.length) return;
      event.preventDefault();
      add(event.clipboardData.files);
    });
  };

  // ---- the promise: the form's answers, sent to data-preview-url, come back as the promise box ----
  const preview = (form) => {
    let timer, asking;
    const ask = async () => {
      asking?.abort();
      asking = new AbortController();
      const answers = new FormData(form);
      [...answers.entries()].forEach(([name, value]) => value instanceof File && answers.delete(name));
      const answer = await fetch(form.dataset.previewUrl, { method: "POST", body: answers, signal: asking.signal }).catch(() => null);
      const box = one("[data-promise]", form);
      if (!answer?.ok || answer.redirected || !box) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      box.replaceChildren(...(one(".promise", page) ?? page.body).childNodes); // the box itself stays: it is announced
    };
    form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, 300); });
  };

  // ---- sheets: a[data-sheet] shows the form of the page it leads to in a dialog; without script one goes there ----
  const openSheet = async (link) => {
    const url = link.getAttribute("href"); // in a picture the property is no text
    const answer = await fetch(url).catch(() => null);
    const page = answer?.ok && !answer.redirected && new DOMParser().parseFromString(await answer.text(), "text/html");
    const body = page && one("[data-sheet-body]", page);
    if (!body) { location.assign(url); return; }
    const dialog = document.createElement("dialog");
    const heading = one("h1", body);
    heading.id = "sheet-title";
    dialog.setAttribute("aria-labelledby", heading.id);
    dialog.setAttribute("closedby", "any");
    dialog.className = "sheet";
    dialog.append(...body.childNodes);
    dialog.addEventListener("close", () => { dialog.remove(); link.focus(); });
    dialog.addEventListener("click", (event) => { if (event.target.closest("[data-closes]")) { event.preventDefault(); dialog.close(); } });
    const seen = one("[name=seen]"); // what is on this page has been seen
    if (seen) all("[name=seen]", dialog).forEach((field) => { field.value = seen.value; });
    document.body.append(dialog);
    prepare(dialog);
    dialog.showModal();
  };

  // ---- rosters: on [data-picks] a time is chosen, by dragging or with the keyboard, for the form it names ----
  const HOUR = 3600000;

  const pickOn = (lane) => {
    const [start, end] = [lane.dataset.start, lane.dataset.end].map(Date.parse);
    const hours = Math.round((end - start) / HOUR);
    const says = new Intl.DateTimeFormat(root.lang === "en" ? "en-GB" : root.lang, { timeZone: lane.dataset.zone, weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    const cursor = document.createElement("div");
    const words = one("[data-picked]");
    let from = Math.min(Math.max(Math.ceil((Date.now() - start) / HOUR), 0), hours - 1);
    let count = 1;
    let pressed = null;
    let dragged = false;
    const at = (hour) => new Date(start + hour * HOUR);
    const hourAt = (event) => {
      const box = lane.getBoundingClientRect();
      return Math.min(Math.max(Math.floor((event.clientX - box.left) / box.width * hours), 0), hours - 1);
    };
    const choose = (hour, length) => {
      from = Math.min(Math.max(hour, 0), hours - 1);
      count = Math.min(Math.max(length, 1), hours - from);
      const said = says.formatRange(at(from), at(from + count));
      cursor.style.left = `${from / hours * 100}%`;
      cursor.style.width = `${count / hours * 100}%`;
      cursor.setAttribute("aria-valuenow", from);
      cursor.setAttribute("aria-valuetext", said);
      words.textContent = said;
    };
    const ask = () => {
      const link = document.createElement("a");
      link.href = `${lane.dataset.picks}?${new URLSearchParams({ from: at(from).toISOString(), to: at(from + count).toISOString() })}`;
      link.focus = () => cursor.focus();
      openSheet(link);
    };
    const onPickKey = (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1, ArrowDown: -24, ArrowUp: 24, PageDown: -24, PageUp: 24 }[event.key];
      if (event.ctrlKey || event.metaKey || event.altKey || !(step || event.key === "Enter")) return;
      event.preventDefault();
      if (!step) ask();
      else if (event.shiftKey) choose(from, count + step);
      else choose(from + step, count);
    };
    const attributes = { class: "cursor", tabindex: 0, role: "slider", "aria-label": lane.dataset.label, "aria-valuemin": 0, "aria-valuemax": hours - 1, "aria-valuenow": from };
    Object.entries(attributes).forEach(([name, value]) => cursor.setAttribute(name, value));
    cursor.setAttribute("aria-valuetext", says.formatRange(at(from), at(from + count)));
    cursor.addEventListener("keydown", onPickKey);
    cursor.addEventListener("focus", () => choose(from, count));
    lane.addEventListener("dragstart", (event) => event.preventDefault()); // of the links below the pointer
    lane.addEventListener("pointerdown", (event) => { pressed = event.button === 0 ? { hour: hourAt(event), x: event.clientX } : null; });
    lane.addEventListener("pointermove", (event) => {
      if (!event.buttons) pressed = null; // let go elsewhere
      if (!pressed || (!pressed.moved && Math.abs(event.clientX - pressed.x) < 4)) return;
      if (!pressed.moved) lane.setPointerCapture(event.pointerId);
      pressed.moved = true;
      cursor.classList.add("drawn");
      const hour = hourAt(event);
      choose(Math.min(hour, pressed.hour), Math.abs(hour - pressed.hour) + 1);
    });
    const letGo = (event) => {
      dragged = event.type === "pointerup" && Boolean(pressed?.moved);
      pressed = null;
      cursor.classList.remove("drawn");
      if (dragged) ask();
      setTimeout(() => { dragged = false; });
    };
    lane.addEventListener("pointerup", letGo);
    lane.addEventListener("pointercancel", letGo);
    // What ends a drag is no click on the turn below it.
    lane.addEventListener("click", (event) => { if (dragged) { event.preventDefault(); event.stopPropagation(); } }, true);
    lane.append(cursor);
    words.hidden = false;
  };

  // ---- type-ahead: [data-suggest-url] asks while one types; the answer stands in the element it names ----
  const suggest = (field) => {
    const box = document.getElementById(field.dataset.suggestsIn);
    let timer, asking;
    const ask = async () => {
      asking?.abort();
      asking = new AbortController();
      const url = `${field.dataset.suggestUrl}?${new URLSearchParams({ q: field.value })}`;
      const answer = await fetch(url, { signal: asking.signal }).catch(() => null);
      if (!answer?.ok || answer.redirected) return;
      box.replaceChildren(...new DOMParser().parseFromString(await answer.text(), "text/html").body.childNodes);
    };
    field.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, 180); });
    if (field.value !== field.defaultValue) ask(); // typed before this script began
  };

  // ---- light and dark: a cookie, so that the server draws the next page right at once ----
  const chooseTheme = (choice) => {
    if (choice) root.dataset.theme = choice;
    else delete root.dataset.theme;
    document.cookie = `theme=${choice}; path=/; max-age=${choice ? 31536000 : 0}; samesite=lax`;
    showTheme();
  };
  const showTheme = () => all("[data-theme-choice]").forEach((button) =>
    button.setAttribute("aria-pressed", String(button.dataset.themeChoice === (root.dataset.theme ?? ""))));

  const onClick = (event) => {
    const opener = event.target.closest("[data-opens]");
    const dialog = opener && document.getElementById(opener.dataset.opens);
    if (dialog) { event.preventDefault(); dialog.showModal(); }
    const sheet = event.target.closest("a[data-sheet]");
    if (sheet && !event.ctrlKey && !event.metaKey && !event.shiftKey) { event.preventDefault(); openSheet(sheet); }
    const theme = event.target.closest("[data-theme-choice]");
    if (theme) chooseTheme(theme.dataset.themeChoice);
  };

  const prepare = (part) => {
    all("form[data-keep]", part).forEach(keepDraft);
    all("[data-drop]", part).forEach(takeFiles);
    all("form[data-preview-url]", part).forEach(preview);
    all("[data-suggest-url]", part).forEach(suggest);
  };

  // ---- a mail in its frame is as high as what it holds; without script the frame scrolls ----
  const fit = (frame) => {
    const page = frame.contentDocument?.documentElement;
    if (page?.scrollHeight) frame.style.height = `${page.scrollHeight + 2}px`;
  };
  const fitAlways = (frame) => {
    frame.addEventListener("load", () => fit(frame));
    fit(frame);
  };

  // A field whose proposal depends on a choice follows it, until somebody types in it.
  const onChoice = (event) => {
    const field = event.target.type === "radio" && event.target.form && one(`[data-proposed-by="${event.target.name}"]`, event.target.form);
    if (!field || (field.dataset.proposed ?? field.defaultValue) !== field.value) return;
    field.value = field.dataset.proposed = field.dataset[event.target.value];
  };

  const start = () => {
    root.classList.add("scripted");
    showTheme();
    dropSentDraft();
    prepare(document);
    all("[data-poll-url]").forEach(keepFresh);
    all("[data-notify]").forEach(switchNotify);
    all("[data-bell]").forEach(hear);
    all("form[data-posts-itself]").forEach(postItself);
    all("iframe[data-fits]").forEach(fitAlways);
    // Signed out, nothing of theirs is left on the machine.
    all("form[data-forgets]").forEach((form) => form.addEventListener("submit", () => remember("localStorage", form.dataset.forgets, null)));
    all("[data-picks]").forEach(pickOn);
    const switchKeys = one("[data-keys-on]");
    if (switchKeys) {
      switchKeys.checked = keysOn();
      switchKeys.addEventListener("change", () => remember("localStorage", "keys", switchKeys.checked ? "on" : "off"));
    }
    document.addEventListener("keydown", onKey);
    document.addEventListener("click", onClick);
    document.addEventListener("change", onChoice);
    document.addEventListener("input", narrow);
    one("#fixes")?.focus();
    // An address that ends in #key=r: as if it were pressed on arrival, where one only goes on typing.
    const arrived = all("[data-key][data-then-focus]").find((e) => location.hash === `#key=${e.dataset.key}`);
    if (arrived) press(arrived);
    one(".rail:not([popover]) [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
    all(".tabs").forEach((strip) => { // only those that are too long for a phone
      const at = one("[aria-current]", strip);
      if (at) strip.scrollLeft = at.offsetLeft - strip.offsetLeft - (strip.clientWidth - at.offsetWidth) / 2;
    });
    setInterval(tickAll, 1000);
  };
  // A long list of people, narrowed as one types: by name, or by what else somebody is sought by (pinyin).
  function narrow({ target }) {
    if (!target.dataset?.narrows) return;
    const words = target.value.toLowerCase().split(/\s+/).filter(Boolean), sought = JSON.parse(target.dataset.sought);
    const list = target.form.elements[target.dataset.narrows];
    const people = [...list.options].filter((option) => option.value);
    for (const option of people) option.hidden = !words.every((word) => option.text.toLowerCase().includes(word) || sought[option.value].includes(` ${word}`));
    const first = people.find((option) => !option.hidden);
    if (words.length && first) list.value = first.value;
  }
  // For the scripts of single pages, which follow this one.
  window.helpdesk = { all, one, fill, remember, typing, shown, keysOn, freshen, poll, tickAll, openSheet, prepare, goes: () => Date.now() < goUntil };
  start();
})();
