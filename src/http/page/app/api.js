/**
 * Calls of the API: tokens are sent and refreshed, refusals are told apart by
 * their `code`, and whoever is offline waits until they are not.
 */

import { forget, keep, tokens } from "./session.js";
import { language } from "./words.js";

/** Where the API is: beside the folder of this module. */
export const BASE = new URL("..", import.meta.url);

/** How long an answer may take, and how long to wait before the next attempt, in ms. */
const TIMEOUT = 20_000;
const PAUSE = 2_000;

/** A refusal (RFC 9457). */
export class Problem extends Error {
  /** @param {number} status @param {any} body */
  constructor(status, body) {
    super(body?.detail ?? `HTTP ${status}`);
    this.status = status;
    /** Stable, and what our own words are looked up by. @type {string} */
    this.code = body?.code ?? "unavailable";
    /** Seconds to wait. @type {number | undefined} */
    this.retryAfter = body?.retry_after;
    /** Guesses that will still be evaluated. @type {number | undefined} */
    this.attemptsLeft = body?.attempts_left;
    /** What is wrong with which member. @type {{ pointer: string, detail: string }[]} */
    this.errors = body?.errors ?? [];
  }
}

/**
 * Calls the API as whoever is logged in. A token that is not good any more is
 * exchanged once, and the call sent again.
 *
 * @param {string} method
 * @param {string} path Without a slash in front.
 * @param {unknown} [body]
 * @param {Record<string, string | undefined>} [headers]
 * @returns {Promise<any>} What was answered; `null` when that is nothing.
 */
export async function call(method, path, body, headers = {}) {
  const held = tokens();
  const first = await attempt(method, path, body, headers, held?.access);
  const isStale = first instanceof Problem && first.status === 401 && /^token_/.test(first.code);
  const next = held && isStale ? await refresh(held.access) : null;
  const answer = next ? await attempt(method, path, body, headers, next.access) : first;
  if (answer instanceof Problem) throw answer;
  return answer;
}

/**
 * Exchanges the refresh token. Of several tabs one does so, and the others
 * take what it got. When the answer is lost, the same token is sent again: as
 * long as its successor was never used, the server answers with that.
 *
 * @param {string} used The access token that was refused.
 */
async function refresh(used) {
  return alone(async () => {
    const held = tokens();
    if (!held || held.access !== used) return held;
    const answer = await attempt("POST", "token/refresh/", { refresh: held.refresh }, {});
    // Somebody may have logged out in another tab meanwhile.
    if (tokens()?.refresh !== held.refresh) return tokens();
    if (answer instanceof Problem) {
      if (answer.status !== 401) throw answer;
      forget(answer.code);
      return null;
    }
    keep(answer, held.since);
    return tokens();
  });
}

/**
 * Runs something while no other tab does. There are no locks without TLS;
 * then the server answers all who refresh at once alike.
 *
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
async function alone(work) {
  if (!navigator.locks) return work();
  return navigator.locks.request("invited.refresh", work);
}

/**
 * One call, sent until there is an answer: every call of these pages may be
 * sent twice.
 *
 * @param {string} method
 * @param {string} path
 * @param {unknown} body
 * @param {Record<string, string | undefined>} headers
 * @param {string} [access]
 */
async function attempt(method, path, body, headers, access) {
  const sent = new Headers({ "accept-language": language() });
  if (access) sent.set("authorization", `Bearer ${access}`);
  if (body !== undefined) sent.set("content-type", "application/json");
  for (const [name, value] of Object.entries(headers)) if (value) sent.set(name, value);
  for (;;) {
    try {
      const signal = AbortSignal.timeout(TIMEOUT);
      const init = { method, headers: sent, body: body === undefined ? null : JSON.stringify(body), signal };
      const response = await fetch(new URL(path, BASE), init);
      const text = await response.text();
      tell(true);
      return read(response, text);
    } catch {
      tell(false);
      await reachable();
    }
  }
}

/** @param {Response} response @param {string} text */
function read(response, text) {
  let body = null;
  try {
    body = text && JSON.parse(text);
  } catch {
    // What is between us and the server may answer whatever it likes.
    if (response.ok) return new Problem(502, null);
  }
  return response.ok ? body : new Problem(response.status, body);
}

/** Waits until the browser says that it is online again, or a moment. */
function reachable() {
  return new Promise((resolve) => {
    setTimeout(resolve, PAUSE);
    addEventListener("online", resolve, { once: true });
  });
}

/** @type {(isOnline: boolean) => void} */
let tell = () => {};

/**
 * Calls back with whether the server is reached.
 *
 * @param {(isOnline: boolean) => void} callback
 */
export function onReach(callback) {
  tell = callback;
  addEventListener("offline", () => callback(false));
  addEventListener("online", () => callback(true));
}
