// What operators do again and again, and those whom they look at.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { EXECUTABLE, serve, visit } from "./harness.mjs";

export const run = promisify(execFile);

export const OWNER = "+79121234567";
export const VIEWER = "+79121234568";
/** What people may call themselves. */
export const HOSTILE = ["<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "😀".repeat(150), "Ж".repeat(150), "مرحبا بالعالم", "=HYPERLINK(\"http://x\")"];
export const VIEWS = ["overview", "figures", "people", "tree", "gateways", "audit", "operators", "keys"];

/** @typedef {Awaited<ReturnType<typeof serve>> & {env: Record<string, string>}} Server */
/** @typedef {import("playwright-core").Page} Page */

/**
 * A server that operators log in to.
 *
 * @param {import("node:test").TestContext} t
 * @param {Record<string, string>} [settings]
 * @returns {Promise<Server>}
 */
export async function begin(t, settings = {}) {
  const env = { INVITED_HTTP__ADMIN: "on", INVITED_LIMITS__SENDS_PER_PHONE: "100/1h", INVITED_LIMITS__SENDS_PER_PREFIX: "1000/1h", ...settings };
  const server = await serve(t, env);
  return { ...server, env: { INVITED_DATABASE: join(server.folder, "invited.db"), ...env } };
}

/**
 * Calls the API of users.
 *
 * @param {Server} server
 * @param {string} method
 * @param {string} path
 * @param {object} [body]
 * @param {Record<string, string>} [headers]
 */
export async function call(server, method, path, body, headers = {}) {
  const sent = { "content-type": "application/json", ...headers };
  const response = await fetch(new URL(path, server.url), { method, headers: sent, body: body && JSON.stringify(body) });
  return { status: response.status, body: await response.json().catch(() => null) };
}

/**
 * Logs somebody in, who may be new, and names them.
 *
 * @param {Server} server
 * @param {string} phone
 * @param {string} [first_name]
 * @param {string} [invitation_code]
 */
export async function joinIn(server, phone, first_name = "", invitation_code = undefined) {
  const asked = await call(server, "POST", "login/", { phone });
  const token = { "sms-token": asked.body["sms-token"] };
  const message = await call(server, "GET", "app/message/", undefined, token);
  const sms_code = /\d{4,}/.exec(message.body.text)?.[0];
  const { body } = await call(server, "POST", "login/sms-confirm/", { sms_code, invitation_code }, token);
  const bearer = { authorization: `Bearer ${body.access}` };
  const profile = await call(server, "PATCH", "profile/", { first_name }, bearer);
  assert.equal(profile.status, 200, JSON.stringify(profile.body));
  return { ...profile.body, bearer };
}

/**
 * Grants a role by the command.
 *
 * @param {Server} server
 * @param {string} phone
 * @param {string} role
 */
export async function grant(server, phone, role) {
  await run(EXECUTABLE, ["admin", "grant", phone, "--role", role], { cwd: server.folder, env: server.env });
}

/**
 * Logs an operator in with the code that the page shows.
 *
 * @param {Page} page
 * @param {string} phone
 */
export async function logIn(page, phone) {
  await page.locator("input[type=tel]").fill(phone);
  await page.keyboard.press("Enter");
  const message = await page.locator(".sms").innerText();
  await page.locator(".code").fill(/\d{4,}/.exec(message)?.[0] ?? "");
  await page.locator("nav").first().waitFor();
}

/**
 * The page of an operator who is logged in.
 *
 * @param {import("node:test").TestContext} t
 * @param {Server} server
 * @param {{phone?: string, role?: string, locale?: string}} [who]
 */
export async function enter(t, server, { phone = OWNER, role = "owner", locale = "en" } = {}) {
  await joinIn(server, phone, "Olga");
  await grant(server, phone, role);
  const page = await visit(t, `${server.url}admin/`, { locale });
  await logIn(page, phone);
  return page;
}

/**
 * Goes to a view, as by a bookmark.
 *
 * @param {Page} page
 * @param {string} view
 */
export async function open(page, view) {
  await page.evaluate((hash) => (location.hash = hash), `#/${view}`);
  await page.locator(`.view.${view.split(/[/?]/)[0]}:not([aria-busy])`).waitFor();
}

/** Opens a person, and says why. @param {Page} page @param {number} id @param {string} reason */
export async function look(page, id, reason) {
  await open(page, `people/${id}`);
  await page.locator("input[name=reason]").fill(reason);
  await page.keyboard.press("Enter");
  await page.locator("dl").first().waitFor();
}

/** Does something to the person, who is shown. @param {Page} page @param {string} act */
export async function act(page, act) {
  await page.locator(".actions").getByRole("button", { name: act, exact: true }).click();
  await page.locator("dialog").getByRole("button", { name: act, exact: true }).click();
  await page.locator("dialog").waitFor({ state: "detached" });
}
