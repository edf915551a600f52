// How operators come in: by a fresh code to their phone.

import { Problem, call, printedMessage } from "../api.js";
import { h } from "../dom.js";
import { field, form } from "../form.js";
import { t } from "../words.js";

/** @import { Session } from "../types" */

/** What makes this browser known to the server, so that nobody else's logins keep its operator out. */
const DEVICE = "invited.operator_device";

/**
 * What every call of a login sends.
 * @returns {Record<string, string>}
 */
function known() {
  const token = localStorage.getItem(DEVICE);
  return token ? { "device-token": token } : {};
}

/** @param {string} phone */
const ask = (phone) => call("POST", "login/", { body: { phone }, headers: known() });

/**
 * @param {HTMLElement} root
 * @param {string} why what is told above, such as that a session has ended
 * @param {(session: Session) => void} enter
 */
export function login(root, why, enter) {
  const card = h("main", { class: "card login" });
  root.append(card);
  const head = () => h("h1", { class: "brand" }, h("b", {}, "invited"), h("span", {}, t("title")));
  askPhone("");

  /** @param {string} before */
  function askPhone(before) {
    const phone = h("input", { name: "phone", type: "tel", autocomplete: "tel", required: true, placeholder: "+7 912 345-67-89", value: before });
    const send = async (/** @type {Record<string, string>} */ values) => askCode(values.phone, await ask(values.phone));
    card.replaceChildren(head(), h("p", { class: why ? "notice" : "hint" }, why || t("login.hint")), form(t("login.send"), send, [field(t("login.phone"), phone)]));
    phone.focus();
  }

  /**
   * @param {string} phone
   * @param {{"sms-token": string, resend_in: number, sms_code_length: number}} sent
   */
  function askCode(phone, sent) {
    const length = sent.sms_code_length;
    const code = h("input", { name: "sms_code", class: "code", inputmode: "numeric", autocomplete: "one-time-code", pattern: "[0-9]*", required: true, minlength: length, maxlength: length });
    code.addEventListener("input", () => {
      code.value = code.value.replace(/\D/g, "");
      if (code.value.length === length) entry.requestSubmit();
    });
    const other = h("button", { type: "button", class: "quiet", onclick: () => askPhone(phone) }, t("login.other"));
    const entry = form(t("login.enter"), (values) => confirm(values.sms_code), [field(t("login.code"), code)], { beside: other });
    const text = t("login.sent", { n: length, phone: `\u2068${phone}\u2069` });
    card.replaceChildren(head(), h("p", { class: "hint" }, text), entry, resend(phone, sent.resend_in));
    code.focus();
    printedMessage(sent["sms-token"]).then((message) => message && entry.before(h("p", { class: "notice sms" }, message)));

    /** @param {string} sms_code */
    async function confirm(sms_code) {
      try {
        /** @type {Session} */
        const session = await call("POST", "session/", { body: { sms_code }, headers: { ...known(), "sms-token": sent["sms-token"] } });
        if (session.device_token) localStorage.setItem(DEVICE, session.device_token);
        enter(session);
      } catch (error) {
        code.value = "";
        code.focus();
        if (error instanceof Problem && error.code === "forbidden") throw new Problem(403, { code: "not_operator" });
        throw error;
      }
    }
  }

  /**
   * The way to another message, which opens after a while.
   * @param {string} phone
   * @param {number} seconds
   */
  function resend(phone, seconds) {
    const until = Date.now() + seconds * 1000;
    const again = form(t("login.again"), async () => askCode(phone, await ask(phone)), []);
    const button = /** @type {HTMLButtonElement} */ (again.querySelector("button"));
    button.className = "quiet";
    const tick = () => {
      const left = Math.ceil((until - Date.now()) / 1000);
      button.disabled = left > 0;
      button.textContent = left > 0 ? t("login.again_in", { n: left }) : t("login.again");
      if (left > 0 && again.isConnected) setTimeout(tick, 500);
    };
    setTimeout(tick);
    return again;
  }
}
