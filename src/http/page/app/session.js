/**
 * What this browser remembers: the tokens of a session, the tokens of devices
 * by phone, and an invitation that was opened before there was an account.
 * Other tabs see the same and are told when it changes.
 */

/**
 * @typedef {object} Tokens
 * @property {string} access
 * @property {string} refresh
 * @property {number} since When it was logged in: names the login, whatever tokens it has by now.
 */

const TOKENS = "invited.tokens";
const DEVICES = "invited.devices";
const INVITATION = "invited.invitation";

/** @type {(reason: string) => void} */
let told = () => {};

/** @returns {Tokens | null} */
export function tokens() {
  return parsed(localStorage.getItem(TOKENS));
}

/**
 * Begins a session, or goes on with its next tokens.
 *
 * @param {{ access: string, refresh: string }} pair
 * @param {number} [since]
 */
export function keep(pair, since) {
  const next = { access: pair.access, refresh: pair.refresh, since: since ?? Date.now() };
  localStorage.setItem(TOKENS, JSON.stringify(next));
  if (since === undefined) told("");
}

/**
 * Ends it here and in the other tabs.
 *
 * @param {string} reason The code of the problem that it ended with, if it did.
 */
export function forget(reason) {
  if (!tokens()) return;
  localStorage.removeItem(TOKENS);
  told(reason);
}

/**
 * Calls back when somebody logged in or out, here or in another tab.
 *
 * @param {(reason: string) => void} callback
 */
export function onChange(callback) {
  told = callback;
  addEventListener("storage", (event) => {
    const isOther = parsed(event.oldValue)?.since !== parsed(event.newValue)?.since;
    // A storage that was cleared has no key.
    if (event.key === null || (event.key === TOKENS && isOther)) callback("");
  });
}

/**
 * What makes this device known to the server, for a phone.
 *
 * @param {string} phone Its digits.
 * @returns {string | undefined}
 */
export function device(phone) {
  return parsed(localStorage.getItem(DEVICES))?.[phone];
}

/**
 * @param {string} phone Its digits.
 * @param {string | undefined} token Nothing to forget it.
 */
export function keepDevice(phone, token) {
  const devices = { ...parsed(localStorage.getItem(DEVICES)), [phone]: token };
  localStorage.setItem(DEVICES, JSON.stringify(devices));
}

/** The invitation code that waits for a login. */
export function invitation() {
  return localStorage.getItem(INVITATION);
}

/** @param {string | null} code */
export function keepInvitation(code) {
  if (code) localStorage.setItem(INVITATION, code.slice(0, 64));
  else localStorage.removeItem(INVITATION);
}

/**
 * @param {string | null} text
 * @returns {any}
 */
function parsed(text) {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return null;
  }
}
