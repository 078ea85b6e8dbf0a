// A one-time code that the telephone's camera brought stands behind the "#", which no server sees. It goes into the field, and out of the address.
const field = document.querySelector("#f-code"), code = decodeURIComponent(location.hash.slice(1));
if (field && /^[0-9A-Za-z-]{16,19}$/.test(code)) {
  field.value = code;
  history.replaceState(null, "", location.pathname);
}
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
