// How people log in, and stay logged in.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { close, serve, shoot, visit } from "./harness.mjs";
import { ANNA, ask, enter, field, logIn, told } from "./user.mjs";

/** @import { Page } from "playwright-core" */

after(close);

test("a phone is formatted as it is typed, and the caret stays", async (t) => {
  const { url } = await serve(t);
  const page = await visit(t, url);
  const phone = page.locator("input[type=tel]");
  for (const [typed, written] of [
    [ANNA, "+7 912 345-67-89"],
    ["8 (912) 345 67 89", "+7 912 345-67-89"],
    ["+79123", "+7 912 3"],
    ["+44 7911 123456", "+447 911 123 456"],
    ["abc", ""],
  ]) {
    await phone.fill("");
    await phone.pressSequentially(typed);
    assert.equal(await phone.inputValue(), written);
  }
  await phone.fill("+7 912 345-67-89");
  for (let left = 0; left < 5; left++) await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("Backspace");
  await page.keyboard.type("0");
  assert.equal(await phone.inputValue(), "+7 912 340-67-89");
});

test("a wrong code is told, three are too many, and another can be had", async (t) => {
  const { url } = await serve(t, { INVITED_LIMITS__SENDS_PER_PHONE: "1/2s" });
  const page = await visit(t, url);
  const code = await ask(page, ANNA);
  const wrong = code === "0000" ? "1111" : "0000";
  for (const said of [/2 attempts left/, /1 attempt left/, /last attempt/]) {
    await enter(page, wrong);
    await page.locator("#code-error", { hasText: said }).waitFor();
  }
  assert.ok(await page.locator("#code").isDisabled());
  await page.getByRole("button", { name: "Send it again", exact: true }).click();
  await page.locator("#code:enabled").waitFor();
  await page.locator(".sms").waitFor();
  await enter(page, /\d{4}/.exec(await page.locator(".sms p").innerText())[0]);
  await page.locator(".invitation-code").waitFor();
});

test("a longer code has more boxes, and a pasted one fills them", async (t) => {
  const { url } = await serve(t, { INVITED_LOGIN__CODE_LENGTH: "10" });
  const page = await visit(t, url);
  const code = await ask(page, ANNA);
  assert.equal(await page.locator(".cells span").count(), 10);
  await shoot(page, "code-of-10");
  await page.locator("#code").evaluate((input, text) => {
    /** @type {HTMLInputElement} */ (input).value = text;
    input.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }, `Code: ${code.slice(0, 5)} ${code.slice(5)}`);
  await page.locator(".invitation-code").waitFor();
});

test("what cannot be done is told in words, with the time to wait", async (t) => {
  const { url } = await serve(t, { INVITED_LIMITS__SENDS_PER_SOURCE: "1/1h" });
  const page = await visit(t, url, { locale: "ru" });
  const phone = page.locator("input[type=tel]");
  const error = page.locator(".error", { hasText: /./ });
  for (const [typed, said] of [["+7912", "Это не номер телефона"], ["+77012345678", "На такие номера"]]) {
    await phone.fill(typed);
    await page.keyboard.press("Enter");
    await error.filter({ hasText: said }).waitFor();
  }
  await phone.fill("");
  await ask(page, ANNA);
  await page.getByRole("button", { name: "Другой номер" }).click();
  await phone.fill("+7 900 123-45-67");
  await page.keyboard.press("Enter");
  await error.filter({ hasText: /через 60 минут/ }).waitFor();
  const codes = new Set((await (await fetch(`${url}openapi.json`)).text()).match(/(?<=problems\/)[a-z_]+(?=")/g));
  const silent = await page.evaluate(async (all) => {
    const { explain } = await import(new URL("app/words.js", location.href).href);
    return all.filter((code) => explain({ code, message: "" }) === "");
  }, [...codes]);
  assert.ok(codes.size > 20);
  const only = ["malformed_json", "malformed_request", "payload_too_large", "unsupported_media_type", "header_too_large"];
  assert.deepEqual(silent.sort(), only.sort(), "nobody can cause these with the page");
});

test("two tabs refresh once, and both go on; they log out together", async (t) => {
  const { url } = await serve(t);
  const one = await visit(t, url);
  await logIn(one, ANNA);
  const two = await one.context().newPage();
  await two.goto(url);
  await two.locator(".invitation-code").waitFor();
  let refreshes = 0;
  one.context().on("request", (sent) => void (refreshes += Number(sent.url().endsWith("/token/refresh/"))));
  await stale(one);
  await Promise.all([one.reload(), two.reload()]);
  await Promise.all([one, two].map((page) => page.locator(".invitation-code").waitFor()));
  assert.equal(refreshes, 1);
  await one.getByRole("button", { name: "Log out", exact: true }).click();
  await Promise.all([one, two].map((page) => page.locator("input[type=tel]").waitFor()));
  await logIn(two, ANNA);
  await one.locator(".invitation-code").waitFor();
});

/** Makes the access token one that is not good any more. @param {Page} page */
function stale(page) {
  return page.evaluate(() => {
    const tokens = JSON.parse(localStorage.getItem("invited.tokens") ?? "");
    localStorage.setItem("invited.tokens", JSON.stringify({ ...tokens, access: "stale" }));
  });
}

test("the lost answer of a refresh ends nothing", async (t) => {
  const { url } = await serve(t);
  const page = await visit(t, url);
  await logIn(page, ANNA);
  let lost = 0;
  await page.route("**/token/refresh/", async (route) => {
    if (lost++) return route.continue();
    await route.fetch();
    return route.abort();
  });
  await stale(page);
  await page.reload();
  await page.locator(".invitation-code").waitFor();
  assert.equal(lost, 2);
});

test("a session that ended elsewhere leads to the login, which says so", async (t) => {
  const { url } = await serve(t, { INVITED_LIMITS__SENDS_PER_PHONE: "off" });
  const [one, two] = [await visit(t, url), await visit(t, url)];
  await logIn(one, ANNA);
  await logIn(two, ANNA);
  await one.reload();
  await one.getByRole("button", { name: /^End the session/ }).click();
  await told(one, "The session was ended");
  await two.reload();
  await two.getByText("You were logged out").waitFor();
});

test("offline is told, and what was begun is done once there is a connection", async (t) => {
  const { url } = await serve(t);
  const page = await visit(t, url);
  await logIn(page, ANNA);
  await page.context().setOffline(true);
  await page.locator(".offline").waitFor();
  await shoot(page, "offline");
  await field(page, "First name").fill("Anna");
  await page.getByRole("button", { name: "Save" }).click();
  await page.context().setOffline(false);
  await told(page, "Saved");
  await page.locator(".offline").waitFor({ state: "hidden" });
});
