// The admin API (its document is at `api/openapi.json`), as these pages call it.

/** @import { Session } from "./types" */

const BASE = new URL("api/", import.meta.url);

/** When any tab last called the API with success. */
const USED = "invited.used";

/** What the API refused (RFC 9457). */
export class Problem extends Error {
  /**
   * @param {number} status
   * @param {{code?: string, title?: string, detail?: string, attempts_left?: number, retry_after?: number,
   *   permission?: string, errors?: {pointer: string, detail: string}[]}} body
   */
  constructor(status, body) {
    super(body.detail ?? body.title ?? String(status));
    this.status = status;
    this.code = body.code ?? "";
    this.body = body;
  }
}

/** Tells that the operator's session has ended: an event `ended`. */
export const sessions = new EventTarget();

/**
 * Calls the API. Answers what it says, `undefined` for 204.
 * @param {string} method
 * @param {string} path
 * @param {object} [options]
 * @param {Record<string, string | number | boolean | null | undefined>} [options.query] empty members are left out
 * @param {object} [options.body]
 * @param {string} [options.reason] why a person is looked at, or something is changed
 * @param {Record<string, string>} [options.headers]
 * @param {AbortSignal} [options.signal]
 * @returns {Promise<any>}
 */
export async function call(method, path, { query = {}, body, reason, headers, signal } = {}) {
  const url = new URL(path, BASE);
  for (const [name, value] of Object.entries(query)) if (value != null && value !== "") url.searchParams.set(name, String(value));
  const sent = new Headers(headers);
  if (reason) sent.set("X-Reason", encodeURIComponent(reason));
  // Also without a body: a page of another site cannot send this one.
  if (method !== "GET") sent.set("Content-Type", "application/json");
  let response;
  try {
    response = await fetch(url, { method, headers: sent, signal, body: method === "POST" ? JSON.stringify(body ?? {}) : undefined });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Problem(0, { code: "offline" });
  }
  if (response.ok) {
    localStorage.setItem(USED, String(Date.now()));
    return response.status === 204 ? undefined : response.json();
  }
  const problem = new Problem(response.status, await response.json().catch(() => ({})));
  if (problem.code === "unauthenticated") sessions.dispatchEvent(new Event("ended"));
  throw problem;
}

/**
 * Reads something.
 * @param {string} path
 * @param {Record<string, string | number | boolean | null | undefined>} [query]
 * @param {AbortSignal} [signal]
 */
export const read = (path, query, signal) => call("GET", path, { query, signal });

/**
 * The message with a code, from a server that prints messages instead of sending
 * them. It tells that only to this machine.
 * @param {string} token
 * @returns {Promise<string | null>}
 */
export async function printedMessage(token) {
  if (!["localhost", "127.0.0.1", "[::1]"].includes(location.hostname)) return null;
  const response = await fetch(new URL("../../app/message/", BASE), { headers: { "sms-token": token } }).catch(() => null);
  return response?.ok ? (await response.json()).text : null;
}

/** Where events come from. */
export const eventsUrl = () => new URL("events/", BASE);

/** @type {Session | null} */
let session = null;

/** Who is logged in. @param {Session | null} now */
export function setSession(now) {
  session = now;
}

/** Who is logged in. */
export const operator = () => session?.operator;

/**
 * Whether the operator may do something. The server decides; this only leaves out what it would refuse.
 * @param {string} permission
 */
export const may = (permission) => session?.operator.permissions.includes(permission) ?? false;

/** Whether no tab has used the session for as long as it lives. */
export const isIdle = () => session !== null && Date.now() - Number(localStorage.getItem(USED)) > session.idle_seconds * 1000;
