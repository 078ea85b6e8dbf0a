// Comforts on top of pages that work without any of this.
const words = document.documentElement.lang === "es"
  ? { show: "Mostrar", hide: "Ocultar", caps: "Las mayúsculas están activadas.", use: "Usar esta", length: (n, min) => `${n} de al menos ${min} caracteres`, selected: n => `${n} seleccionadas` }
  : { show: "Show", hide: "Hide", caps: "Caps Lock is on.", use: "Use this one", length: (n, min) => `${n} of at least ${min} characters`, selected: n => `${n} selected` };

const make = (tag, props) => Object.assign(document.createElement(tag), props);

for (const input of document.querySelectorAll("input[data-password]")) {
  const row = make("div", { className: "with-button" });
  const show = make("button", { type: "button", textContent: words.show });
  const note = make("p", { className: "note" });
  note.setAttribute("aria-live", "polite");
  input.replaceWith(row);
  row.append(input, show);
  row.after(note);
  const label = document.querySelector(`label[for="${input.id}"]`);
  const name = () => show.setAttribute("aria-label", `${show.textContent}: ${label ? label.textContent : ""}`);
  name();
  show.addEventListener("click", () => {
    input.type = input.type === "password" ? "text" : "password";
    show.textContent = input.type === "password" ? words.show : words.hide;
    name();
  });
  let caps = false;
  const tell = () => {
    const n = [...input.value.normalize("NFC")].length, min = Number(input.dataset.min);
    note.textContent = caps ? words.caps : min && n ? words.length(n, min) : "";
  };
  input.addEventListener("keyup", e => { caps = e.getModifierState && e.getModifierState("CapsLock"); tell(); });
  input.addEventListener("input", tell);
  input.form?.addEventListener("submit", () => { input.type = "password"; });
}

for (const box of document.querySelectorAll("details.suggest")) {
  const use = make("button", { type: "button", textContent: words.use });
  box.append(use);
  use.addEventListener("click", () => {
    for (const input of box.closest("form").querySelectorAll('input[autocomplete="new-password"]')) {
      input.value = box.dataset.suggest;
      input.type = "text";
      input.dispatchEvent(new Event("input"));
    }
  });
}

// What is left of a text, in characters as a person counts them.
for (const box of document.querySelectorAll("textarea[data-limit]")) {
  const note = document.getElementById(`n-${box.name}`);
  note.setAttribute("role", "status");
  const parts = window.Intl?.Segmenter ? new Intl.Segmenter(undefined, { granularity: "grapheme" }) : null;
  const tell = () => {
    const text = box.value.trim();
    const left = Number(box.dataset.limit) - [...(parts ? parts.segment(text) : text)].length;
    note.textContent = note.textContent.replace(/-?\d+/, left);
    note.classList.toggle("problem", left < 0);
  };
  box.addEventListener("input", tell);
  tell();
}

document.querySelector(".problems")?.focus();

// Passkeys, where the browser knows them; what deals with them is fetched when it is needed.
const passkeys = window.PublicKeyCredential && navigator.credentials;
for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.classList.toggle("ready", !!passkeys);
  form.addEventListener("submit", async e => {
    e.preventDefault();
    (await import(form.dataset.script)).default(form);
  });
}
if (passkeys) for (const note of document.querySelectorAll("[data-no-passkey]")) note.hidden = true;

// Recovery codes: to the clipboard, or on paper.
const codes = document.querySelector("[data-codes]");
if (codes) {
  const list = document.querySelector("ul.codes");
  codes.hidden = false;
  codes.querySelector("[data-print]").addEventListener("click", () => print());
  codes.querySelector("[data-copy]").addEventListener("click", async () => {
    await navigator.clipboard.writeText([...list.children].map(c => c.textContent).join("\n"));
    codes.querySelector("[role=status]").textContent = list.dataset.copied;
  });
}

// "/" goes to the search box, unless one is typing.
const find = document.querySelector("#find");
if (find) {
  document.addEventListener("keydown", e => {
    if (e.key === "/" && !e.ctrlKey && !e.metaKey && !e.altKey && !/^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement?.tagName)) {
      e.preventDefault();
      find.focus();
    }
  });
}

// A page that asks, as a dialog over the page that one came from.
const asked = async (answer, from) => {
  if (answer.redirected) { location.assign(answer.url); return; }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const question = page.querySelector("form[data-question]");
  if (!answer.ok || !question) throw new Error("no question");
  const dialog = make("dialog", {});
  dialog.setAttribute("aria-labelledby", "question");
  const title = page.querySelector("#question");
  title.tabIndex = -1;
  dialog.append(title, question);
  document.body.append(dialog);
  question.querySelector("[data-cancel]").addEventListener("click", ev => { ev.preventDefault(); dialog.close(); });
  dialog.addEventListener("close", () => { dialog.remove(); from?.focus(); });
  dialog.showModal();
  title.focus(); // not the button: the consequences are to be read first
};

for (const link of document.querySelectorAll("a[data-ask]")) {
  link.addEventListener("click", async e => {
    if (e.ctrlKey || e.metaKey || e.shiftKey || e.altKey) return;
    e.preventDefault();
    try {
      await asked(await fetch(link.href), link);
    } catch {
      location.assign(link.href);
    }
  });
}

// The grid: how many are ticked, all on this page, and the question as a dialog.
const grid = document.querySelector("form[data-grid]");
if (grid) {
  const boxes = [...grid.querySelectorAll("td input[name]")];
  const all = grid.querySelector("[data-all]");
  const bar = grid.querySelector(".selection");
  const count = grid.querySelector("[data-count]");
  const update = () => {
    const n = boxes.filter(b => b.checked).length;
    count.textContent = words.selected(n);
    bar.hidden = n === 0;
    if (all) { all.checked = n > 0 && n === boxes.length; all.indeterminate = n > 0 && n < boxes.length; }
  };
  if (all) {
    all.closest("[hidden]")?.removeAttribute("hidden");
    all.addEventListener("change", () => { for (const b of boxes) b.checked = all.checked; update(); });
  }
  grid.querySelector("[data-clear]")?.addEventListener("click", () => { for (const b of boxes) b.checked = false; update(); });
  grid.addEventListener("change", update);
  addEventListener("pageshow", update);
  update();
  grid.addEventListener("submit", async e => {
    if (e.submitter?.hasAttribute("formaction")) return; // done without a question
    e.preventDefault();
    const body = new URLSearchParams(new FormData(grid, e.submitter));
    try {
      const answer = await fetch(grid.action, { method: "POST", body });
      await asked(answer, e.submitter);
    } catch {
      const plain = make("form", { method: "post", action: grid.action, hidden: true });
      for (const [k, v] of body) plain.append(make("input", { type: "hidden", name: k, value: v }));
      document.body.append(plain);
      plain.submit();
    }
  });
}
