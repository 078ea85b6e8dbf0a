// Looks at a page for what keeps people out. Returns a list of complaints in words; an empty one is what we want.
(portal => {
  const said = [];
  const say = (what, e) => said.push(e ? `${what}: ${e.outerHTML.slice(0, 120)}` : what);
  const shown = e => e.getClientRects().length > 0 && getComputedStyle(e).visibility === "visible" && !e.closest("[inert], [aria-hidden=true]");
  const all = selector => [...document.querySelectorAll(selector)].filter(shown);
  const dialog = document.querySelector("dialog[open]");
  const there = selector => all(selector).filter(e => !dialog || dialog.contains(e));

  // The document
  if (!document.documentElement.lang) say("no language");
  if (!document.title.trim()) say("no title");
  if (document.querySelectorAll("main").length !== 1) say("not exactly one main");
  if (!document.querySelector("body > header") || !document.querySelector("body > footer")) say("no header or footer");
  const ids = [...document.querySelectorAll("[id]")].map(e => e.id);
  for (const id of new Set(ids.filter((id, i) => ids.indexOf(id) !== i))) say(`id ${id} twice`);
  for (const name of ["for", "aria-labelledby", "aria-describedby"])
    for (const e of document.querySelectorAll(`[${name}]`))
      for (const id of e.getAttribute(name).split(/\s+/)) if (!ids.includes(id)) say(`${name} leads nowhere`, e);
  const landmarks = all("nav, [role=search], section[aria-label]").map(e => e.tagName + (e.getAttribute("aria-label") || ""));
  for (const l of new Set(landmarks.filter((l, i) => l.startsWith("NAV") && landmarks.indexOf(l) !== i))) say(`two landmarks of one name: ${l}`);

  // Headings
  if (all("h1").length !== (dialog ? 2 : 1)) say(`${all("h1").length} headings of level 1`);
  let level = 0;
  for (const h of all("main h1, main h2, main h3, main h4")) {
    const n = Number(h.tagName[1]);
    if (n > level + 1) say(`heading of level ${n} after ${level}`, h);
    level = n;
  }

  // Names
  const name = e => {
    const by = e.getAttribute("aria-labelledby");
    return (e.getAttribute("aria-label") || (by && by.split(/\s+/).map(id => document.getElementById(id)?.textContent).join(" ")) ||
      [...(e.labels || [])].map(l => l.textContent).join(" ") || (e.matches("a, button, summary") ? e.textContent : "")).trim();
  };
  for (const e of all("input, select, textarea, button, a[href], summary")) if (!name(e)) say("no name", e);
  for (const e of all("a[href], button")) {
    const label = e.getAttribute("aria-label"), seen = e.innerText.trim();
    if (label && seen && !label.toLowerCase().includes(seen.toLowerCase())) say(`"${seen}" is called "${label}"`, e);
  }
  for (const e of all("input[type=password]")) if (!e.autocomplete) say("no autocomplete", e);
  for (const e of all("[placeholder]")) say("a placeholder", e);
  for (const e of all("th")) if (!e.scope) say("table head without scope", e);
  for (const e of all("img, svg[role=img]")) if (!e.getAttribute("alt") && !e.getAttribute("aria-label")) say("picture without words", e);

  // Room
  const page = document.scrollingElement;
  if (page.scrollWidth > innerWidth) {
    const wide = all("body *").filter(e => !e.closest(".scroll, .tabs") && e.getBoundingClientRect().right > innerWidth + 1);
    say(`${page.scrollWidth} px wide in a window of ${innerWidth}`, wide[0]);
  }
  for (const e of there("button, .button, input:not([type=hidden]), select, summary, .tick, .tabs a, .doors a")) {
    const box = (e.matches("[type=checkbox], [type=radio]") && e.closest("label") || e).getBoundingClientRect();
    const least = e.matches(".link") ? 24 : portal === "admin" ? 24 : e.matches("summary") ? 24 : 44;
    if (box.height < least - .5 || box.width < 24) say(`only ${Math.round(box.width)} x ${Math.round(box.height)} px`, e);
  }

  // Contrast (WCAG 2.2, 1.4.3)
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const known = new Map();
  const rgba = colour => {
    if (!known.has(colour)) {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      known.set(colour, [...canvas.getImageData(0, 0, 1, 1).data]);
    }
    return known.get(colour);
  };
  const over = (top, under) => [0, 1, 2].map(i => top[i] * top[3] / 255 + under[i] * (1 - top[3] / 255)).concat(255);
  const luminance = c => c.slice(0, 3).map(v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4).reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const ground = e => {
    const layers = [];
    for (; e; e = e.parentElement) { layers.push(rgba(getComputedStyle(e).backgroundColor)); if (layers.at(-1)[3] === 255) break; }
    return layers.reverse().reduce((under, top) => over(top, under), [255, 255, 255, 255]);
  };
  const contrast = (a, b) => { const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p); return (x + .05) / (y + .05); };
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const seen = new Set();
  for (let t = walk.nextNode(); t; t = walk.nextNode()) {
    const e = t.parentElement;
    if (!t.data.trim() || seen.has(e) || !shown(e) || (dialog && !dialog.contains(e)) || e.closest(".visually-hidden")) continue;
    seen.add(e);
    const style = getComputedStyle(e), size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    const under = ground(e), ratio = contrast(over(rgba(style.color), under), under);
    if (ratio < (large ? 3 : 4.5)) say(`contrast ${ratio.toFixed(2)}`, e);
  }
  const body = getComputedStyle(document.body), under = ground(document.body);
  if (contrast(rgba(body.color), under) < 7) say("body text below 7 to 1");
  return said;
})
