/** The form for a code that came by SMS: for a login, and for a change of the phone. */

import { Problem, call } from "./api.js";
import brand from "./brand.js";
import { announce, button, form, h } from "./dom.js";
import { explain, explainField, words } from "./words.js";

/**
 * A code that was sent, as the API answers.
 *
 * @typedef {object} Challenge
 * @property {string} sms-token
 * @property {number} expires_in
 * @property {number} resend_in
 * @property {number} sms_code_length
 */

/** Refusals after which no further guess is evaluated for the token. */
const DEAD = /^(sms_token_.*|too_many_attempts)$/;

/**
 * @param {Challenge} challenge
 * @param {(code: string, token: string) => Promise<void>} confirm Throws what the API refuses.
 * @param {() => Promise<Challenge>} ask Asks for the code again.
 * @param {HTMLButtonElement} back Leaves it.
 */
export function codeForm(challenge, confirm, ask, back) {
  const t = words();
  let token = challenge["sms-token"];
  const error = h("p", { id: "code-error", class: "error", role: "alert" });
  const { element: boxes, input, resize } = codeBoxes(challenge.sms_code_length, () => sending.requestSubmit());
  const resend = button(t.resend, again, { class: "quiet" });
  const message = h("div");
  const others = h("div", { class: "others" }, resend, back);
  const sending = form(submit, boxes, error, h("button", { class: "primary" }, t.confirm), others, message);

  async function submit() {
    const code = input.value;
    if (input.disabled) return;
    if (code.length !== input.maxLength) return refuse(t.codeLabel(input.maxLength));
    try {
      await confirm(code, token);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      const [first] = problem.errors;
      input.disabled = DEAD.test(problem.code) || problem.attemptsLeft === 0;
      refuse(first ? explainField(first) : explain(problem));
      resize(input.maxLength);
      (input.disabled ? resend : input).focus();
    }
  }

  async function again() {
    if (waiting.isWaiting) return;
    try {
      const next = await ask();
      token = next["sms-token"];
      refuse("");
      input.disabled = false;
      resize(next.sms_code_length);
      input.focus();
      announce(t.resent);
      begin(next);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      refuse(explain(problem));
    }
  }

  /** @param {string} text */
  function refuse(text) {
    error.textContent = text;
    if (text) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  }

  const waiting = countdown(resend);
  /** @param {Challenge} next */
  function begin(next) {
    waiting.begin(next.resend_in);
    void showMessage(message, next["sms-token"]);
  }
  begin(challenge);
  fillIn(input);
  return { element: sending, input };
}

/**
 * One real input, so that browsers, password managers and screen readers know
 * what it is; the boxes around its digits are drawn.
 *
 * @param {number} length
 * @param {() => void} full
 */
function codeBoxes(length, full) {
  const input = h("input", {
    id: "code",
    inputmode: "numeric",
    autocomplete: "one-time-code",
    pattern: "[0-9]*",
    "aria-describedby": "code-error",
    oninput: typed,
    onselect: toEnd,
    onfocus: toEnd,
  });
  const label = h("label", { for: "code" });
  const cells = h("div", { class: "cells", "aria-hidden": "true" });

  function typed() {
    input.value = input.value.replace(/\D/g, "").slice(0, input.maxLength);
    draw();
    if (input.value.length === input.maxLength) full();
  }

  function toEnd() {
    input.setSelectionRange(input.value.length, input.value.length);
  }

  function draw() {
    for (const [at, cell] of [...cells.children].entries()) {
      cell.textContent = input.value[at] ?? "";
      cell.classList.toggle("next", at === Math.min(input.value.length, input.maxLength - 1));
    }
  }

  /** @param {number} digits */
  function resize(digits) {
    input.value = "";
    input.maxLength = digits;
    label.textContent = words().codeLabel(digits);
    cells.replaceChildren(...Array.from({ length: digits }, () => h("span")));
    draw();
  }
  resize(length);
  return { element: h("div", { class: "field" }, label, h("div", { class: "code" }, cells, input)), input, resize };
}

/**
 * Keeps a button from being pressed for some seconds, and says how many.
 *
 * @param {HTMLButtonElement} pressed
 */
function countdown(pressed) {
  let timer = 0;
  const state = {
    isWaiting: false,
    /** @param {number} seconds */
    begin(seconds) {
      const end = Date.now() + seconds * 1000;
      clearInterval(timer);
      timer = setInterval(tick, 250);
      tick();
      function tick() {
        const left = Math.ceil((end - Date.now()) / 1000);
        const isOver = left <= 0;
        if (isOver && state.isWaiting && pressed.isConnected) announce(words().resendNow);
        state.isWaiting = !isOver;
        pressed.classList.toggle("waiting", !isOver);
        pressed.textContent = isOver ? words().resend : words().resendIn(left);
        if (isOver) clearInterval(timer);
      }
    },
  };
  return state;
}

/**
 * Shows what came by SMS, where the server only prints it.
 *
 * @param {HTMLElement} place
 * @param {string} token
 */
async function showMessage(place, token) {
  if (!brand.shows_messages) return;
  try {
    const { text } = await call("GET", "app/message/", undefined, { "sms-token": token });
    place.replaceChildren(h("figure", { class: "sms" }, h("figcaption", {}, words().message), h("p", {}, text)));
    announce(text);
  } catch {
    // Another host or another gateway: then it is where the operator said.
  }
}

/**
 * Has the browser read the message (WebOTP).
 *
 * @param {HTMLInputElement} input
 */
function fillIn(input) {
  if (!("OTPCredential" in window)) return;
  const leaving = new AbortController();
  const wanted = /** @type {CredentialRequestOptions} */ ({ otp: { transport: ["sms"] }, signal: leaving.signal });
  const reading = navigator.credentials.get(wanted);
  reading.then((credential) => {
    input.value = /** @type {{ code?: string } | null} */ (/** @type {unknown} */ (credential))?.code ?? "";
    input.dispatchEvent(new Event("input"));
  }, () => {});
  new MutationObserver((_, observer) => {
    if (input.isConnected) return;
    leaving.abort();
    observer.disconnect();
  }).observe(document.body, { childList: true, subtree: true });
}
