// Words, numbers and times, in the operator's language.

import { en } from "./words/en.js";
import { ru } from "./words/ru.js";

/** @typedef {keyof typeof en} Word */

const LANGUAGES = { en: { words: en, plurals: ["one", "other"] }, ru: { words: ru, plurals: ["one", "few", "many"] } };
/** @typedef {keyof typeof LANGUAGES} Language */

const KEPT = "invited.language";

/** @returns {Language} */
function preferred() {
  const kept = localStorage.getItem(KEPT);
  const wanted = kept ? [kept] : navigator.languages.map((language) => language.slice(0, 2));
  const known = wanted.find((language) => language in LANGUAGES);
  return /** @type {Language} */ (known ?? "en");
}

/** @type {Language} */
let language = preferred();

/** The language that is spoken. */
export const spoken = () => language;

/** Speaks another language from now on. @param {Language} to */
export function speak(to) {
  language = to;
  localStorage.setItem(KEPT, to);
}

/**
 * A text, with values in place of `{name}`. One with several forms (`a|b|c`) is
 * told in that of the number `n`.
 * @param {Word} word
 * @param {Record<string, string | number>} [values]
 * @returns {string}
 */
export function t(word, values = {}) {
  const { words, plurals } = LANGUAGES[language];
  const forms = words[word].split("|");
  const form = forms.length > 1 ? plurals.indexOf(new Intl.PluralRules(language).select(Number(values.n))) : 0;
  const text = forms[form] ?? forms[forms.length - 1];
  return text.replace(/\{(\w+)\}/g, (_, name) => {
    const value = values[name] ?? "";
    return typeof value === "number" ? number(value) : value;
  });
}

/**
 * What a word of the API is called, or that word itself when it has no name here.
 * @param {string} group
 * @param {string} name
 */
export function named(group, name) {
  const word = `${group}.${name}`;
  return word in en ? t(/** @type {Word} */ (word)) : name;
}

/** @param {number} value */
export const number = (value) => new Intl.NumberFormat(language).format(value);

/** A large number, in short. @param {number} value */
export const brief = (value) => new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 }).format(value);

/** An amount of money, of which only the digits are known. @param {string | number} amount */
export const money = (amount) =>
  new Intl.NumberFormat(language, { minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(Number(amount));

/** A share of a whole. @param {number} part @param {number} whole */
export const percent = (part, whole) =>
  whole > 0 ? new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: part / whole < 0.1 ? 1 : 0 }).format(part / whole) : "–";

/** @param {Intl.DateTimeFormatOptions} options */
const clock = (options) => (/** @type {string | number | Date | null | undefined} */ at) =>
  at == null || at === "" ? "–" : new Intl.DateTimeFormat(language, options).format(new Date(at));

/** When, to the minute. */
export const moment = clock({ dateStyle: "medium", timeStyle: "short" });
/** On which day. */
export const date = clock({ dateStyle: "medium" });
/** At which time of a day. */
export const time = clock({ timeStyle: "medium" });
/** On which day, in short. */
export const day = clock({ day: "numeric", month: "short" });
/** In which hour. */
export const hour = clock({ weekday: "short", hour: "2-digit", minute: "2-digit" });

/** How long ago. @param {string | number | null} at */
export function ago(at) {
  if (at == null) return "–";
  const seconds = (Date.now() - new Date(at).getTime()) / 1000;
  return t("ago", { span: span(Math.max(0, seconds)) });
}

const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 };

/** A length of time as it is written in settings, such as `15m`. @param {string} text */
export const written = (text) => text.replace(/(\d+)([smhd])/, (_, length, unit) => span(length * SECONDS[/** @type {keyof typeof SECONDS} */ (unit)]));

/** A length of time, in its largest unit. @param {number} seconds */
export function span(seconds) {
  /** @type {[number, string][]} */
  const units = [[86_400, "day"], [3600, "hour"], [60, "minute"], [1, "second"]];
  const [size, unit] = units.find(([size]) => seconds >= size) ?? [1, "second"];
  const value = seconds / size;
  const options = { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: value < 10 && size === 1 ? 1 : 0 };
  return new Intl.NumberFormat(language, /** @type {Intl.NumberFormatOptions} */ (options)).format(value);
}
