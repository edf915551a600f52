// What operators do.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, test } from "node:test";
import { close } from "./harness.mjs";
import { act, begin, call, enter, joinIn, logIn, look, open, OWNER, VIEWER } from "./operator.mjs";

after(close);

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
  await page.getByRole("button", { name: "Resume" }).click();
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
