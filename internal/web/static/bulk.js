// The progress of a bulk act, looked up every two seconds for ten minutes: a page left open must not keep its reader signed in for ever.
const live = document.querySelector("[data-progress]");
const look = async left => {
  try {
    const answer = await fetch(location.href);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("[data-progress]");
    if (!answer.ok || answer.redirected || !fresh) { location.reload(); return; }
    live.replaceChildren(...fresh.childNodes);
  } catch { /* out of reach for the moment: the next look may find it */ }
  if (left > 0) setTimeout(look, 2000, left - 1);
};
if (live) setTimeout(look, 2000, 300);
