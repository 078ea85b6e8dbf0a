// Asks the browser for a passkey, or to make one, and sends its answer as an ordinary form (WebAuthn level 3, 5.1).
const bytes = text => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), c => c.charCodeAt(0));
const text = data => data ? btoa(String.fromCharCode(...new Uint8Array(data))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "") : undefined;

// The ids come as base64url and are wanted as bytes; parseCreationOptionsFromJSON does the same where a browser has it.
const decoded = options => ({
  ...options,
  challenge: bytes(options.challenge),
  ...(options.user && { user: { ...options.user, id: bytes(options.user.id) } }),
  ...(options.allowCredentials && { allowCredentials: options.allowCredentials.map(c => ({ ...c, id: bytes(c.id) })) }),
  ...(options.excludeCredentials && { excludeCredentials: options.excludeCredentials.map(c => ({ ...c, id: bytes(c.id) })) }),
});

const encoded = ({ id, rawId, type, response, authenticatorAttachment, getClientExtensionResults }, credential) => JSON.stringify({
  id, rawId: text(rawId), type, authenticatorAttachment: authenticatorAttachment ?? undefined,
  clientExtensionResults: getClientExtensionResults.call(credential),
  response: {
    clientDataJSON: text(response.clientDataJSON), attestationObject: text(response.attestationObject),
    transports: response.getTransports?.(), authenticatorData: text(response.authenticatorData),
    signature: text(response.signature), userHandle: text(response.userHandle),
  },
});

async function ask(address) {
  const answer = await fetch(address, { method: "POST" });
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer.json();
}

export default async function run(form) {
  const problem = form.querySelector(".problem"), button = form.querySelector("button");
  problem.hidden = true;
  button.disabled = true;
  try {
    const make = form.dataset.options;
    const { token, options } = make ? { token: form.elements.token.value, options: JSON.parse(make) } : await ask(form.dataset.ask);
    const publicKey = decoded(options.publicKey ?? options);
    const credential = await (make ? navigator.credentials.create({ publicKey }) : navigator.credentials.get({ publicKey }));
    form.elements.token.value = token;
    form.elements.answer.value = encoded(credential, credential);
    if (form.elements.keep) form.elements.keep.value = document.querySelector(".sign-in [name=keep]")?.checked ? "1" : "";
    form.submit();
  } catch (e) {
    problem.textContent = e.name === "InvalidStateError" ? problem.dataset.known : problem.dataset.failed;
    problem.hidden = false;
  } finally {
    button.disabled = false;
  }
}
