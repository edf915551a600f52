/** Phone numbers as people read and type them. */

import brand from "./brand.js";

/**
 * Any way to write a number, as far as it was written: digits, and whether a
 * country code is in front. In Russia 8 is dialled in place of it, and mobile
 * numbers begin with 9.
 *
 * @param {string} text
 */
export function digits(text) {
  const all = text.replace(/\D/g, "").slice(0, 15);
  if (!brand.russian_numbers || /^[\s(]*[+＋]/.test(text)) return all;
  if (all.startsWith("8")) return `7${all.slice(1)}`;
  return all.startsWith("9") && all.length <= 10 ? `7${all}` : all;
}

/**
 * As it is written: `+7 912 345-67-89`, or groups of three where we do not
 * know better.
 *
 * @param {string} text
 */
export function written(text) {
  const all = digits(text);
  if (!all) return /[+＋]/.test(text) ? "+" : "";
  if (!all.startsWith("7")) return `+${all.replace(/(\d{3})(?=\d)/g, "$1 ")}`;
  const [, area, first, second, third, rest] =
    /^7(\d{0,3})(\d{0,3})(\d{0,2})(\d{0,2})(\d*)$/.exec(all) ?? [];
  return `+7${area && ` ${area}`}${first && ` ${first}`}${second && `-${second}`}${third && `-${third}`}${rest}`;
}

/**
 * Digits as the API has them, without a plus.
 *
 * @param {string} phone
 */
export function shown(phone) {
  return written(`+${phone}`);
}

/**
 * Formats a number while it is typed, and leaves the caret where it was.
 * Whoever deletes a mark means the digit in front of it.
 *
 * @param {Event} event
 */
export function formatLive(event) {
  const input = /** @type {HTMLInputElement} */ (event.target);
  const caret = input.selectionStart ?? input.value.length;
  let [before, after] = [input.value.slice(0, caret), input.value.slice(caret)];
  const isMark = digits(before + after) === input.dataset["digits"];
  if (isMark && /** @type {InputEvent} */ (event).inputType === "deleteContentBackward") {
    before = before.replace(/\d\D*$/, "");
  }
  input.value = written(before + after);
  input.dataset["digits"] = digits(input.value);
  let at = input.value.length;
  for (let left = after.replace(/\D/g, "").length; left > 0 && at > 0; at--) {
    if (/\d/.test(input.value.charAt(at - 1))) left--;
  }
  input.setSelectionRange(at, at);
}
