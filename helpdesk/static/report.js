// Reporting: the questions follow the service, and what is written stays on this device until it is sent.
"use strict";
(() => {
  const { all, one, remember } = window.helpdesk;
  const KEY = "report";
  const LASTS = 86400000; // a day, in milliseconds
  const NOT_KEPT = ["csrf_token", "kind", "website", "shown", "about"];
  const form = one("form[data-about-url]");

  // Of somebody with an account it outlives the tab, for them alone and until they sign out; without one the machine
  // may be anybody's, and the tab forgets it.
  const store = () => form.dataset.keptFor ? "localStorage" : "sessionStorage";

  const texts = () => [...new FormData(form)].filter(([, value]) => typeof value === "string");

  const keep = () => {
    const values = texts().filter(([name]) => !NOT_KEPT.includes(name));
    remember(store(), KEY, JSON.stringify({ owner: form.dataset.keptFor, at: Date.now(), values }));
  };

  const found = () => {
    const kept = JSON.parse(remember(store(), KEY) ?? "null");
    if (kept?.owner === form.dataset.keptFor && Date.now() - kept.at < LASTS) return kept.values;
    remember(store(), KEY, null);
    return null;
  };

  const fillIn = (part, values) => {
    for (const field of all("input:not([type=file]), textarea, select", part)) {
      if (!field.name || NOT_KEPT.includes(field.name)) continue;
      const mine = values.filter(([name]) => name === field.name).map(([, value]) => value);
      if (field.matches("[type=radio], [type=checkbox]")) field.checked = mine.includes(field.value);
      else if (mine.length) field.value = mine[0];
    }
  };

  // What depends on the service: its maintenance, its known faults, its questions.
  let asking;
  const askAbout = async () => {
    asking?.abort();
    asking = new AbortController();
    const body = new URLSearchParams(texts());
    const answer = await fetch(form.dataset.aboutUrl, { method: "POST", body, signal: asking.signal }).catch(() => null);
    if (!answer?.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    one("#about-service").replaceChildren(...page.body.childNodes);
  };

  const restore = async () => {
    const values = one("#fixes") ? null : found(); // after a refusal the server gave everything back
    if (!values) return;
    const asked = new URLSearchParams(location.search).has("service_id");
    const kept = asked ? values.filter(([name]) => name !== "service_id") : values;
    const service = form.elements.service_id.value;
    fillIn(form, kept);
    one("#kept").hidden = !kept.some(([name, value]) => ["subject", "body"].includes(name) && value);
    if (form.elements.service_id.value === service) return;
    await askAbout();
    fillIn(one("#about-service"), kept);
  };

  // Before it is sent: is anybody there? Else nothing is lost, files neither, and one presses again.
  const askFirst = (sent) => {
    const lost = one(".lost", sent);
    let isThere = false;
    const send = async (event) => {
      if (isThere || event.submitter?.matches("[name=do], [formaction]")) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const answer = await fetch(sent.dataset.onlineUrl, { cache: "no-store", signal: AbortSignal.timeout(8000) }).catch(() => null);
      lost.hidden = Boolean(answer);
      if (!answer) { lost.focus(); return; }
      isThere = true;
      sent.requestSubmit();
      isThere = false;
    };
    sent.addEventListener("submit", send, { capture: true });
  };

  const throwAway = () => {
    remember(store(), KEY, null);
    location.replace(location.href);
  };

  if (document.body.hasAttribute("data-report-sent")) ["localStorage", "sessionStorage"].forEach((each) => remember(each, KEY, null));
  all("form[data-online-url]").forEach(askFirst);
  form?.addEventListener("change", (event) => { if (event.target.name === "service_id") askAbout(); });
  if (!form?.matches("[data-report]")) return; // calls are logged at the desk, and kept as all is there
  form.addEventListener("input", keep);
  one("#kept button").addEventListener("click", throwAway);
  restore();
})();
