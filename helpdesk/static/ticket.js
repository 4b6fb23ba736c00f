// The ticket page's own script: drafts, a look at what was written, answers put in, and who else is here.
"use strict";
(() => {
  const { all, one, fill, remember, openSheet } = window.helpdesk;
  const KEEP_AFTER = 1000; // milliseconds without a key
  const TRY_AGAIN_AFTER = 10000;
  const BEAT_EVERY = 10000;
  const form = one("#write");
  const thread = one("#thread");
  const others = one("#others");
  const body = form?.elements.body;

  const posted = (values) => {
    const sent = new FormData();
    Object.entries({ csrf_token: form.elements.csrf_token.value, ...values }).forEach(([name, value]) => sent.set(name, value));
    return sent;
  };
  const post = async (url, values, options = {}) => {
    const answer = await fetch(url, { method: "POST", body: posted(values), ...options }).catch(() => null);
    return answer?.ok && !answer.redirected ? answer : null; // redirected: signed out
  };
  const parsed = (html) => new DOMParser().parseFromString(html, "text/html").body.childNodes;

  // ---- everything, or the conversation only: chosen once for all tickets ----
  const rememberShown = () => {
    const chosen = remember("localStorage", "shows");
    for (const input of all("[name=show]")) {
      if (chosen) input.checked = input.value === chosen;
      input.addEventListener("change", () => remember("localStorage", "shows", input.value));
    }
  };

  // ---- drafts: on the server a moment after one stops typing; helpdesk.js keeps in the browser what it has not got ----
  const keepDraft = () => {
    const [line, away] = [one("#draft"), one("#throw-away")];
    const now = () => JSON.stringify([form.elements.as.value, body.value]);
    let kept = JSON.stringify([form.elements.as.value, body.defaultValue]);
    let timer = null;
    let saving = null;
    let isSent = false;
    const save = async () => {
      const taken = now();
      const answer = await post(`${form.dataset.draftUrl}?alone=1`, { as: form.elements.as.value, body: body.value }, { keepalive: body.value.length < 10000 });
      if (answer) {
        kept = taken;
        if (taken === now()) remember("sessionStorage", `draft:${form.dataset.keep}`, null);
        away.hidden = !body.value.trim();
      }
      line.textContent = answer ? (await answer.json()).said : form.dataset.draftFailed;
      saving = null;
      if (taken !== now() || !answer) later(answer ? KEEP_AFTER : TRY_AGAIN_AFTER);
    };
    const keep = () => {
      clearTimeout(timer);
      if (!isSent && !saving && kept !== now()) saving = save();
    };
    const later = (wait) => { clearTimeout(timer); timer = setTimeout(keep, wait); };
    form.addEventListener("input", () => later(KEEP_AFTER));
    document.addEventListener("visibilitychange", () => { if (document.hidden) keep(); });
    if (kept !== now()) later(0); // the browser had what the server had not
    body.setSelectionRange(body.value.length, body.value.length); // one goes on at its end
    form.addEventListener("submit", (event) => {
      isSent = !saving; // a draft that arrives after its words were sent would come back
      if (isSent) return;
      event.preventDefault();
      saving.finally(() => form.requestSubmit(event.submitter));
    });
    window.addEventListener("pageshow", () => { isSent = false; }); // gone back to
    away.addEventListener("click", (event) => {
      event.preventDefault();
      body.focus();
      body.select();
      if (!document.execCommand("delete")) write(""); // which the browser can undo
    });
  };
  const write = (value) => {
    body.value = value;
    body.dispatchEvent(new Event("input", { bubbles: true }));
  };

  // ---- preview: the server draws it, in the place of the field ----
  const preview = () => {
    const [button, box, field] = [one("#look"), one("#preview"), body.closest(".q")];
    const words = button.textContent;
    const show = (shown) => {
      box.hidden = !shown;
      field.hidden = shown;
      button.textContent = shown ? button.dataset.back : words;
      (shown ? box : body).focus();
    };
    button.addEventListener("click", async (event) => {
      event.preventDefault();
      if (!box.hidden) return show(false);
      const url = new URL(button.formAction);
      url.searchParams.set("alone", "1");
      const answer = await post(url, { body: body.value });
      if (!answer) return;
      one(".prose", box).replaceChildren(...parsed(await answer.text()));
      show(true);
    });
    form.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !box.hidden) show(false);
    });
    if (!box.hidden) show(true);
  };

  // ---- answers: chosen in a dialog by name, put in where one writes ----
  const putIn = (text) => {
    const before = body.value.slice(0, body.selectionStart);
    const gap = !before.trim() ? "" : before.endsWith("\n\n") ? "" : before.endsWith("\n") ? "\n" : "\n\n";
    body.setRangeText(gap + text, body.selectionStart, body.selectionEnd, "end");
    body.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const filter = (field) => {
    const sought = field.value.trim().toLowerCase();
    const found = all(`#${field.dataset.filters} > li`).filter((item) => {
      item.hidden = !one("b", item).textContent.toLowerCase().includes(sought);
      return !item.hidden;
    });
    one("#no-answer").hidden = found.length > 0;
  };
  const walk = (event) => {
    const list = one("dialog.sheet .answer-list");
    if (!list) return;
    const buttons = all("li:not([hidden]) button", list);
    const at = buttons.indexOf(event.target);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && (at >= 0 || event.target.dataset.filters)) {
      event.preventDefault();
      (buttons[at + step] ?? one("[data-filters]")).focus();
    } else if (event.key === "Enter" && event.target.dataset.filters) {
      event.preventDefault();
      buttons[0]?.click();
    }
  };
  const offerAnswers = () => {
    const button = one("#answers");
    if (!button) return;
    const open = () => {
      const link = document.createElement("a");
      link.href = button.dataset.answersUrl;
      link.focus = () => body.focus();
      openSheet(link);
    };
    button.addEventListener("click", (event) => { event.preventDefault(); open(); });
    body.addEventListener("keydown", (event) => {
      if (event.key !== "/" || !(event.ctrlKey || event.metaKey) || !button.checkVisibility()) return;
      event.preventDefault();
      open();
    });
    document.addEventListener("keydown", walk);
    document.addEventListener("input", (event) => { if (event.target.dataset.filters) filter(event.target); });
    document.addEventListener("click", (event) => {
      const chosen = event.target.closest("dialog.sheet .answer");
      if (!chosen) return;
      event.preventDefault();
      putIn(one(".typed", chosen).textContent);
      chosen.closest("dialog").close();
    });
  };

  // ---- files: dropped anywhere on the form; what was dropped or pasted is shown ----
  const takeFiles = () => {
    const input = one("input[type=file]", form);
    input.addEventListener("change", () => { input.closest("details").open ||= input.files.length > 0; });
    form.addEventListener("dragover", (event) => { if (event.dataTransfer.types.includes("Files")) event.preventDefault(); });
    form.addEventListener("drop", (event) => {
      if (event.defaultPrevented || !event.dataTransfer.files.length) return;
      event.preventDefault();
      const carrier = new DataTransfer();
      [...input.files, ...event.dataTransfer.files].forEach((file) => carrier.items.add(file));
      input.files = carrier.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
  };

  // ---- somebody else's words that came while one was writing stand out, and are said before one sends ----
  const warnOfFresh = () => {
    const warning = one("#fresh");
    const messages = () => all("article[id]", thread);
    let known = new Set(messages().map((message) => message.id));
    new MutationObserver(() => {
      const fresh = messages().filter((message) => !known.has(message.id));
      known = new Set(messages().map((message) => message.id));
      fresh.forEach((message) => message.classList.add("just-came"));
      if (!fresh.length || !body.value.trim()) return;
      const names = new Set(fresh.map((message) => one("header b", message).textContent));
      one("span", warning).textContent = names.size === 1 ? fill(warning.dataset.said, [...names][0]) : warning.dataset.several;
      one("a", warning).href = `#${fresh[0].id}`;
      warning.hidden = false;
    }).observe(thread, { childList: true });
    // After the browser has gone to the form, which takes the focus from whatever had it.
    window.addEventListener("load", () => setTimeout(() => one("#newer, #fixes")?.focus()));
  };

  // ---- who else is here: told and asked every few seconds while the page is looked at ----
  const beat = () => {
    let typedAt = 0;
    let said = others.innerHTML;
    const tell = async () => {
      if (document.hidden) return;
      const writes = Date.now() - typedAt < 2 * BEAT_EVERY ? { writes: "1" } : {};
      const answer = await post(others.dataset.beatUrl, writes);
      const html = await answer?.text();
      if (html === undefined || html.trim() === said.trim()) return;
      said = html;
      others.replaceChildren(...parsed(html));
    };
    body.addEventListener("input", () => {
      const begins = Date.now() - typedAt > 2 * BEAT_EVERY;
      typedAt = Date.now();
      if (begins) tell();
    });
    document.addEventListener("visibilitychange", tell);
    setInterval(tell, BEAT_EVERY);
    tell();
  };

  rememberShown();
  if (form) {
    keepDraft();
    preview();
    offerAnswers();
    takeFiles();
    warnOfFresh();
    beat();
  }
})();
