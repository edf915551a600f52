// What operators do in the cockpit, and what must hold in each of its views.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { promisify } from "node:util";
import { audit, close, EXECUTABLE, serve, shoot, visit } from "./harness.mjs";

after(close);
const run = promisify(execFile);

const OWNER = "+79121234567";
const VIEWER = "+79121234568";
/** What people may call themselves. */
const HOSTILE = ["<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "😀".repeat(150), "Ж".repeat(150), "مرحبا بالعالم", "=HYPERLINK(\"http://x\")"];
const VIEWS = ["overview", "figures", "people", "tree", "gateways", "audit", "operators", "keys"];

/** @typedef {Awaited<ReturnType<typeof serve>> & {env: Record<string, string>}} Server */
/** @typedef {import("playwright-core").Page} Page */

/**
 * A server with a cockpit.
 *
 * @param {import("node:test").TestContext} t
 * @param {Record<string, string>} [settings]
 * @returns {Promise<Server>}
 */
async function begin(t, settings = {}) {
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
async function call(server, method, path, body, headers = {}) {
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
async function joinIn(server, phone, first_name = "", invitation_code = undefined) {
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
async function grant(server, phone, role) {
  await run(EXECUTABLE, ["admin", "grant", phone, "--role", role], { cwd: server.folder, env: server.env });
}

/**
 * Logs an operator in with the code that the page shows.
 *
 * @param {Page} page
 * @param {string} phone
 */
async function logIn(page, phone) {
  await page.locator("input[type=tel]").fill(phone);
  await page.keyboard.press("Enter");
  const message = await page.locator(".sms").innerText();
  await page.locator(".code").fill(/\d{4,}/.exec(message)?.[0] ?? "");
  await page.locator("nav").first().waitFor();
}

/**
 * A cockpit with an operator in it.
 *
 * @param {import("node:test").TestContext} t
 * @param {Server} server
 * @param {{phone?: string, role?: string, locale?: string}} [who]
 */
async function enter(t, server, { phone = OWNER, role = "owner", locale = "en" } = {}) {
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
async function open(page, view) {
  await page.evaluate((hash) => (location.hash = hash), `#/${view}`);
  await page.locator(`.view.${view.split(/[/?]/)[0]}:not([aria-busy])`).waitFor();
}

/** Opens a person, and says why. @param {Page} page @param {number} id @param {string} reason */
async function look(page, id, reason) {
  await open(page, `people/${id}`);
  await page.locator("input[name=reason]").fill(reason);
  await page.keyboard.press("Enter");
  await page.locator("dl").first().waitFor();
}

/** Does something to the person, who is shown. @param {Page} page @param {string} act */
async function act(page, act) {
  await page.locator(".actions").getByRole("button", { name: act, exact: true }).click();
  await page.locator("dialog").getByRole("button", { name: act, exact: true }).click();
  await page.locator("dialog").waitFor({ state: "detached" });
}

test("an operator finds a person and bans them, who is out at once", async (t) => {
  const server = await begin(t);
  const boris = await joinIn(server, "+79001234567", "Boris");
  const page = await enter(t, server);
  await open(page, "people");
  await page.locator("input[type=search]").fill("bori");
  await page.locator("tbody tr").filter({ hasText: "Boris" }).getByRole("link").click();
  await page.locator("input[name=reason]").fill("reported by others");
  await page.keyboard.press("Enter");
  await act(page, "Ban");
  await page.locator("h1 .badge").waitFor();
  const refused = await call(server, "GET", "profile/", undefined, boris.bearer);
  assert.ok([401, 403].includes(refused.status), String(refused.status));
  await act(page, "Unlock");
  await act(page, "Lift the ban");
  await page.locator("h1 .badge").waitFor({ state: "detached" });
  const reasons = await page.locator(".card", { has: page.getByRole("heading", { name: "Audit" }) }).locator("tbody").innerText();
  assert.match(reasons, /banned\s+reported by others/);
  await page.goBack();
  await page.locator("input[type=search]").waitFor();
  assert.equal(await page.locator("input[type=search]").inputValue(), "bori");
});

test("deletion is confirmed by typing the code", async (t) => {
  const server = await begin(t);
  const boris = await joinIn(server, "+79001234567", "Boris");
  const page = await enter(t, server);
  await look(page, boris.id, "asked for it");
  const downloading = page.waitForEvent("download");
  await act(page, "Export");
  assert.match(await readFile(await (await downloading).path(), "utf8"), /Boris/);
  await page.locator(".actions").getByRole("button", { name: "Delete" }).click();
  const confirmed = page.locator("dialog input");
  await confirmed.fill("WRONG1");
  await page.locator("dialog .danger").click();
  assert.ok(await confirmed.evaluate((input) => !(/** @type {HTMLInputElement} */ (input).validity.valid)));
  await confirmed.fill(boris.invitation_code);
  await page.locator("dialog .danger").click();
  await page.locator("input[type=search]").waitFor();
  assert.equal((await call(server, "GET", "profile/", undefined, boris.bearer)).status, 401);
});

test("a viewer sees masked phones and nothing to do", async (t) => {
  const server = await begin(t);
  const boris = await joinIn(server, "+79001234567", "Boris");
  const page = await enter(t, server, { phone: VIEWER, role: "viewer" });
  assert.deepEqual(await page.locator("nav a").allInnerTexts(), ["Overview", "Figures", "People", "Tree", "Gateways"]);
  await look(page, boris.id, "curious");
  const text = await page.locator("main").innerText();
  assert.match(text, /\+7900•+67/);
  assert.doesNotMatch(text, /9001234567/);
  assert.equal(await page.locator(".actions").count(), 0);
  // Also when asked for by its address.
  await page.evaluate(() => (location.hash = "#/operators"));
  await page.locator(".view.overview").waitFor();
});

test("a session that has ended leads back to where one was", async (t) => {
  const server = await begin(t);
  const page = await enter(t, server);
  await open(page, "figures/week");
  await page.context().clearCookies();
  await page.evaluate(() => (location.hash = "#/gateways"));
  await page.getByText("Your session has ended").waitFor();
  await logIn(page, OWNER);
  await page.locator(".view.gateways").waitFor();
  await page.getByRole("button", { name: "Log out" }).click();
  await page.locator("input[type=tel]").waitFor();
  await page.reload();
  await page.locator("input[type=tel]").waitFor();
});

test("an owner grants roles and makes keys", async (t) => {
  const server = await begin(t);
  await joinIn(server, VIEWER, "Vera");
  const page = await enter(t, server);
  await open(page, "operators");
  await page.getByRole("button", { name: "Grant a role" }).click();
  await page.locator("dialog input[type=tel]").fill(VIEWER);
  await page.locator("dialog input[value=viewer]").check();
  await page.locator("dialog input[name=reason]").fill("new colleague");
  await page.locator("dialog .primary").click();
  await page.locator("tr", { hasText: "Vera" }).getByText("viewer").waitFor();
  await open(page, "keys");
  await page.getByRole("button", { name: "Create a key" }).click();
  await page.locator("dialog input[name=name]").fill("grafana");
  await page.locator("dialog input[name=reason]").fill("charts");
  await page.locator("dialog .primary").click();
  const secret = await page.locator(".secret").inputValue();
  const overview = await call(server, "GET", "admin/api/overview/", undefined, { authorization: `Bearer ${secret}` });
  assert.equal(overview.status, 200);
  await page.getByRole("button", { name: "Close" }).click();
  await page.locator("tr", { hasText: "grafana" }).getByRole("button").click();
  await page.locator("dialog input[name=reason]").fill("not used");
  await page.locator("dialog .danger").click();
  await page.locator("tr", { hasText: "grafana" }).waitFor({ state: "detached" });
});

test("what happens is seen as it happens", async (t) => {
  const server = await begin(t);
  const page = await enter(t, server);
  await page.locator(".state.live").waitFor();
  await joinIn(server, "+79001234567");
  await page.locator(".events li", { hasText: "new account" }).waitFor();
  await page.getByRole("button", { name: "Pause" }).click();
  const before = await page.locator(".events li").count();
  await joinIn(server, "+79001234568");
  await page.locator(".state", { hasText: /Paused, [1-9]/ }).waitFor();
  assert.equal(await page.locator(".events li").count(), before);
  await page.getByRole("button", { name: "Go on" }).click();
  await page.locator(".events li").nth(before).waitFor();
});

test("every chart has its table and its CSV", async (t) => {
  const server = await begin(t);
  const page = await enter(t, server);
  await open(page, "figures/month");
  const charts = page.locator(".chart");
  assert.equal(await charts.count(), 10);
  const codes = charts.first();
  await codes.getByRole("button", { name: "Table" }).click();
  assert.equal(await codes.locator(".scroll tbody tr").count(), 30);
  const downloading = page.waitForEvent("download");
  await codes.getByRole("button", { name: "CSV" }).click();
  const text = await readFile(await (await downloading).path(), "utf8");
  assert.match(text, /^\uFEFFWhen,Asked,Sent,Delivered,Confirmed\r\n/);
  assert.equal(text.trim().split("\r\n").length, 31);
});

test("a cell of a CSV is never a formula", async (t) => {
  const server = await begin(t);
  const page = await visit(t, `${server.url}admin/`);
  const text = await page.evaluate(async () => {
    const { csv } = await import(new URL("table.js", location.href).href);
    return csv([{ title: "a", text: (/** @type {any} */ row) => row }], ["=1+1", "+7912", "-1", "@x", " =1", "\t=1", 'a"b,c', "plain", -5]);
  });
  assert.equal(text, `a\r\n'=1+1\r\n'+7912\r\n'-1\r\n'@x\r\n' =1\r\n'\t=1\r\n"a""b,c"\r\nplain\r\n-5\r\n`);
});

for (const locale of ["en", "ru"]) {
  test(`hostile names harm no view, and everybody can use each (${locale})`, async (t) => {
    const server = await begin(t);
    const root = await joinIn(server, "+79001234560", HOSTILE[0]);
    for (const [at, name] of HOSTILE.entries()) await joinIn(server, `+7900123457${at}`, name, root.invitation_code);
    await joinIn(server, VIEWER, HOSTILE[3]);
    await grant(server, VIEWER, "viewer");
    const page = await visit(t, `${server.url}admin/`, { locale });
    await audit(page, "login");
    await shoot(page, `cockpit-login-${locale}`);
    await joinIn(server, OWNER, HOSTILE[2]);
    await grant(server, OWNER, "owner");
    await logIn(page, OWNER);
    for (const view of VIEWS) {
      await open(page, view);
      await audit(page, view);
      await shoot(page, `cockpit-${view}-${locale}`);
    }
    await open(page, "tree?as=list");
    await page.locator(".row").first().press("ArrowRight");
    await page.locator("[aria-level='2']").first().waitFor();
    await audit(page, "list");
    await open(page, `people/${root.id}`);
    await audit(page, "reason");
    await page.locator("input[name=reason]").fill(HOSTILE[1]);
    await page.keyboard.press("Enter");
    await page.locator("dl").first().waitFor();
    await audit(page, "person");
    await shoot(page, `cockpit-person-${locale}`);
    await page.locator(".actions .danger").last().click();
    await audit(page, "dialog");
  });
}

test("10 000 people in the tree are fluid", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "invited-"));
  t.after(() => rm(folder, { recursive: true }));
  const database = { INVITED_DATABASE: join(folder, "invited.db") };
  await run(EXECUTABLE, ["seed", "--users", "10000", "--referrals", "9950"], { cwd: folder, env: database });
  const server = await begin(t, database);
  const page = await enter(t, server);
  await page.setViewportSize({ width: 1280, height: 800 });
  await open(page, "tree");
  await page.getByRole("button", { name: "Expand all" }).click();
  const begun = performance.now();
  await page.getByText(/^(9,9|10,0)\d\d people shown/).waitFor({ timeout: 120_000 });
  await page.getByRole("button", { name: "Expand all" }).waitFor({ timeout: 120_000 });
  console.log(`expanded all in ${Math.round(performance.now() - begun)} ms`);
  const canvas = page.locator(".drawn canvas");
  const box = /** @type {{x: number, y: number}} */ (await canvas.boundingBox());
  /** @type {Record<string, () => Promise<void>>} */
  const gestures = {
    "all in sight": async () => {},
    drag: async () => {
      await page.mouse.move(box.x + 400, box.y + 300);
      await page.mouse.down();
      await page.mouse.move(box.x + 300, box.y + 200, { steps: 20 });
      await page.mouse.up();
    },
    zoom: async () => {
      for (let times = 0; times < 12; times++) await page.getByRole("button", { name: "Zoom in" }).click();
    },
    keys: async () => {
      await canvas.focus();
      for (const key of ["Home", "ArrowDown", "ArrowLeft", "ArrowRight", "ArrowRight", "ArrowDown"]) await page.keyboard.press(key);
    },
  };
  for (const [name, gesture] of Object.entries(gestures)) {
    const longest = await longestFrame(page, gesture);
    console.log(`${name}: longest frame ${longest.toFixed(1)} ms`);
    assert.ok(longest > 0 || name === "all in sight", `${name} drew nothing`);
    // Far more than it takes, for slow machines: nobody waits for it.
    assert.ok(longest < 500, `${name} took ${longest} ms`);
  }
  const id = await page.evaluate(async () => {
    const { people } = await (await fetch("api/people/?limit=500")).json();
    return people.at(-1).id;
  });
  await open(page, `tree/${id}`);
  // Somebody who was invited, wherever they stand among their siblings.
  await page.getByText(/, level [2-9]/).waitFor({ state: "attached" });
});

/**
 * How long the longest task of the page took while something was done with it.
 *
 * @param {Page} page
 * @param {() => Promise<void>} gesture
 */
async function longestFrame(page, gesture) {
  await page.evaluate(() => {
    const took = Object.assign(window, { took: [0] }).took;
    const ask = window.requestAnimationFrame.bind(window);
    window.requestAnimationFrame = (work) => ask((at) => {
      const begun = performance.now();
      work(at);
      took.push(performance.now() - begun);
    });
  });
  await gesture();
  await page.evaluate(() => new Promise((done) => setTimeout(done, 200)));
  return page.evaluate(() => Math.max(.../** @type {any} */ (window).took));
}

test("the pages are small and there soon", async (t) => {
  const server = await begin(t);
  const page = await visit(t, `${server.url}admin/`);
  await page.locator("input[type=tel]").waitFor();
  await page.waitForFunction(() => performance.getEntriesByName("first-contentful-paint").length);
  const { size, paint } = await page.evaluate(() => {
    const loaded = /** @type {PerformanceResourceTiming[]} */ ([...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]);
    const sizes = loaded.filter(({ name }) => !name.includes("/api/")).map(({ encodedBodySize }) => encodedBodySize);
    return { size: sizes.reduce((sum, one) => sum + one, 0), paint: performance.getEntriesByName("first-contentful-paint")[0]?.startTime };
  });
  console.log(`${size} bytes, first paint after ${Math.round(paint ?? 0)} ms`);
  assert.ok(size > 0 && size < 200_000, `${size} bytes`);
});
