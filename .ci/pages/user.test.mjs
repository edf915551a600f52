// What people do with the page, from the first login to the deletion.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer, get, request } from "node:http";
import { join } from "node:path";
import { after, test } from "node:test";
import { audit, close, serve, shoot, visit } from "./harness.mjs";

/** @import { Page } from "playwright-core" */

after(close);

const ANNA = "9123456789";
const BORIS = "9001234567";

/** Asks for a code, and reads it on the page. @param {Page} page @param {string} phone */
async function ask(page, phone) {
  await page.locator("input[type=tel]").pressSequentially(phone);
  await page.keyboard.press("Enter");
  return /\d{4,}/.exec(await page.locator(".sms p").innerText())[0];
}

/** Types into the boxes, which send themselves when they are full. @param {Page} page @param {string} code */
async function enter(page, code) {
  await page.locator("#code").pressSequentially(code);
}

/** @param {Page} page @param {string} phone */
async function logIn(page, phone) {
  await enter(page, await ask(page, phone));
  await page.locator(".invitation-code").waitFor();
}

/** Waits for what the page says in passing. @param {Page} page @param {string | RegExp} text */
const told = (page, text) => page.locator(".toast", { hasText: text }).waitFor();

/** What a field says of what was typed into it. @param {Page} page @param {string} label */
const field = (page, label) => page.getByLabel(label, { exact: true });

test("a newcomer logs in, invites, and sees the first invitee arrive, without a terminal", async (t) => {
  const begun = Date.now();
  const { url } = await serve(t);
  const anna = await visit(t, url);
  await logIn(anna, ANNA);
  const boris = await visit(t, await anna.locator("a.link").getAttribute("href"));
  await boris.getByText("+7912•••••89").waitFor();
  await audit(boris, "invitation");
  await shoot(boris, "invitation");
  await boris.locator("a.primary").click();
  await boris.waitForURL(url);
  await boris.getByText("You were invited", { exact: true }).waitFor();
  await audit(boris, "login of somebody invited");
  await logIn(boris, BORIS);
  await told(boris, "You were invited by +7 912 345-67-89");
  await anna.locator("li.new", { hasText: "+7 900 123-45-67" }).waitFor();
  const took = Date.now() - begun;
  t.diagnostic(`from the start of the server to the first invitee: ${(took / 1000).toFixed(1)} s`);
  assert.ok(took < 120_000);
  await shoot(anna, "invited");
});

for (const [locale, heading] of [["en", "Log in"], ["ru", "Вход"]]) {
  test(`every view can be read by everybody, in ${locale}`, async (t) => {
    const { url } = await serve(t);
    const page = await visit(t, url, { locale });
    await page.getByRole("heading", { name: heading }).waitFor();
    await audit(page, "login");
    await shoot(page, `login-${locale}`);
    const code = await ask(page, ANNA);
    await audit(page, "code");
    await shoot(page, `code-${locale}`);
    await enter(page, code);
    await page.locator("details").click();
    await audit(page, "home");
    await page.getByRole("button", { name: /Change number|Сменить номер/ }).click();
    await page.locator("button.danger").first().click();
    await page.locator("dialog[open]").waitFor();
    await audit(page, "deletion");
    await page.keyboard.press("Escape");
    await shoot(page, `home-${locale}`);
  });
}

test("another language is chosen with a button and remembered", async (t) => {
  const { url } = await serve(t);
  const page = await visit(t, url, { locale: "de" });
  await page.getByRole("button", { name: "Русский" }).click();
  await page.getByRole("heading", { name: "Вход" }).waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "Вход" }).waitFor();
  assert.equal(await page.locator("html").getAttribute("lang"), "ru");
});

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

test("a profile is changed, and what is wrong with it is told at its field", async (t) => {
  const { url } = await serve(t);
  const page = await visit(t, url);
  await logIn(page, ANNA);
  await field(page, "First name").fill(" Анна ");
  await field(page, "E-mail").fill("anna@");
  const save = page.getByRole("button", { name: "Save" });
  await save.click();
  await page.locator("input[type=email][aria-invalid]").waitFor();
  await field(page, "E-mail").fill("anna@example.com");
  const [changed] = await Promise.all([page.waitForRequest((one) => one.method() === "PATCH"), save.click()]);
  assert.deepEqual(changed.postDataJSON(), { first_name: " Анна ", email: "anna@example.com" });
  await told(page, "Saved");
  await page.getByRole("heading", { name: "Hello, Анна" }).waitFor();
  assert.equal(await field(page, "First name").inputValue(), "Анна");
});

test("hostile names are only shown", async (t) => {
  const { url } = await serve(t);
  const page = await visit(t, url);
  await logIn(page, ANNA);
  for (const name of ["<script>document.title='!'</script>", '"><img src=x onerror=alert(1)>', "مرحبا بالعالم", "🎉".repeat(150), "W".repeat(150)]) {
    await field(page, "First name").fill(name);
    await field(page, "Last name").fill(name);
    await page.getByRole("button", { name: "Save" }).click();
    await page.locator(".hello bdi").filter({ hasText: name }).waitFor();
    await page.reload();
    await page.locator(".hello bdi").filter({ hasText: name }).waitFor();
    await shoot(page, "hostile");
    await audit(page, "hostile");
  }
  await field(page, "First name").fill("a\u202eb");
  await page.getByRole("button", { name: "Save" }).click();
  await page.locator("input[aria-invalid]").waitFor();
});

test("an invitation code is entered by hand once, and refused kindly before", async (t) => {
  const { url } = await serve(t);
  const anna = await visit(t, url);
  await logIn(anna, ANNA);
  const code = await anna.locator(".invitation-code").innerText();
  const enter = anna.getByRole("button", { name: "Enter", exact: true });
  for (const [typed, said] of [["nonsense", "six letters"], ["ZZZZZZ", "Nobody has this code"], [code, "your own code"]]) {
    await field(anna, "Invitation code").fill(typed);
    await enter.click();
    await anna.locator(".error", { hasText: said }).waitFor();
  }
  const boris = await visit(t, url);
  await logIn(boris, BORIS);
  await field(boris, "Invitation code").fill(code.toLowerCase());
  await boris.getByRole("button", { name: "Enter", exact: true }).click();
  await told(boris, "you were invited by +7 912 345-67-89");
  await boris.reload();
  await boris.getByText("You were invited by +7 912 345-67-89.").waitFor();
});

test("whoever is logged in already enters a link's code with one press", async (t) => {
  const { url } = await serve(t);
  const anna = await visit(t, url);
  await logIn(anna, ANNA);
  const link = await anna.locator("a.link").getAttribute("href");
  const boris = await visit(t, url);
  await logIn(boris, BORIS);
  await boris.goto(link);
  await boris.locator("a.primary").click();
  await boris.locator("input:focus").waitFor();
  await boris.keyboard.press("Enter");
  await told(boris, "you were invited by +7 912 345-67-89");
  for (const [page, said] of [[boris, "entered a code before"], [anna, "your own code"]]) {
    await page.goto(link);
    await page.locator("a.primary").click();
    await told(page, said);
  }
});

test("an invitation that nobody made does not keep anybody out", async (t) => {
  const { url } = await serve(t);
  const page = await visit(t, `${url}?invitation=ZZZZZZ`);
  await logIn(page, ANNA);
  await told(page, "Nobody has this code");
  assert.equal(await page.evaluate(() => localStorage.getItem("invited.invitation")), null);
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

test("a phone is changed after a fresh login", async (t) => {
  const { url } = await serve(t, { INVITED_LOGIN__FRESH_FOR: "4s", INVITED_LIMITS__SENDS_PER_PHONE: "off" });
  const page = await visit(t, url);
  await logIn(page, ANNA);
  const change = page.getByRole("button", { name: "Change number" });
  const send = page.getByRole("button", { name: "Get a code" });
  await change.click();
  await field(page, "New phone number").fill(BORIS);
  await page.waitForTimeout(4_000);
  await send.click();
  await page.getByRole("button", { name: "Log in again" }).click();
  assert.equal(await page.locator("input[type=tel]").inputValue(), "+7 912 345-67-89");
  await logIn(page, "");
  await change.click();
  await field(page, "New phone number").fill(BORIS);
  await send.click();
  await enter(page, /\d{4}/.exec(await page.locator(".sms p").innerText())[0]);
  await told(page, "Your number was changed");
  await page.locator("p.number", { hasText: "+7 900 123-45-67" }).waitFor();
});

test("an account is deleted after a second question", async (t) => {
  const { url } = await serve(t, { INVITED_LIMITS__SENDS_PER_PHONE: "off" });
  const page = await visit(t, url);
  await logIn(page, ANNA);
  const code = await page.locator(".invitation-code").innerText();
  await page.getByRole("button", { name: "Delete account" }).click();
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "Delete account" }).click();
  await page.getByRole("button", { name: "Delete for ever" }).click();
  await told(page, "Your account was deleted");
  await logIn(page, ANNA);
  assert.notEqual(await page.locator(".invitation-code").innerText(), code);
});

test("under a prefix everything is under the prefix", async (t) => {
  let port = 0;
  const proxy = createServer((asked, answer) => {
    const path = asked.url?.replace(/^\/one\/two(?=\/)/, "");
    if (path === asked.url) return answer.writeHead(418).end();
    const passed = request({ port, path, method: asked.method, headers: asked.headers }, (got) => {
      answer.writeHead(got.statusCode ?? 502, got.headers);
      got.pipe(answer);
    });
    asked.pipe(passed);
  });
  await new Promise((resolve) => proxy.listen(0, "127.0.0.1", () => resolve(null)));
  t.after(() => void proxy.close());
  const url = `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (proxy.address()).port}/one/two`;
  const server = await serve(t, { INVITED_HTTP__PUBLIC_URL: url, INVITED_SMS__GATEWAY: "file:sms.jsonl" });
  port = Number(new URL(server.url).port);
  const page = await visit(t, `${url}/`);
  page.on("response", (got) => assert.notEqual(got.status(), 418, got.url()));
  await page.locator("input[type=tel]").pressSequentially(ANNA);
  await page.keyboard.press("Enter");
  await page.locator("#code").waitFor();
  assert.equal(await page.locator(".sms").count(), 0, "only a developer reads messages here");
  const { code } = JSON.parse(await readFile(join(server.folder, "sms.jsonl"), "utf8"));
  await enter(page, code);
  const link = await page.locator("a.link").getAttribute("href");
  assert.equal(link, `${url}/i/${await page.locator(".invitation-code").innerText()}/`);
});

test("the operator's name, colour and picture are on it", async (t) => {
  const logo = new URL("logo.svg", import.meta.url).pathname;
  const { url } = await serve(t, { INVITED_PAGES__NAME: "Кофейня <b>", INVITED_PAGES__COLOR: "#ffb300", INVITED_PAGES__LOGO: logo });
  const page = await visit(t, url, { locale: "ru" });
  await page.locator(".brand", { hasText: "Кофейня <b>" }).waitFor();
  assert.equal(await page.title(), "Кофейня <b>");
  await audit(page, "brand");
  await shoot(page, "brand");
});

test("without pages the root leads to the documentation", async (t) => {
  const { url } = await serve(t, { INVITED_HTTP__PAGES: "off" });
  const answer = await fetch(url, { redirect: "manual" });
  assert.deepEqual([answer.status, answer.headers.get("location")], [303, "/swagger/"]);
});

test("the page is light", async (t) => {
  const { url } = await serve(t);
  const page = await visit(t, url);
  await page.locator("input[type=tel]").waitFor();
  const [paint, loaded] = await page.evaluate(() => [
    performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0,
    [location.href, ...performance.getEntriesByType("resource").map(({ name }) => name)],
  ]);
  const sizes = await Promise.all(loaded.map(size));
  const total = sizes.reduce((sum, one) => sum + one, 0);
  t.diagnostic(`${loaded.length} files, ${total} bytes compressed; first paint after ${Math.round(paint)} ms`);
  assert.ok(total < 60 * 1024);
});

/** Bytes of a body as they are sent. @param {string} url @returns {Promise<number>} */
function size(url) {
  return new Promise((resolve, reject) => {
    get(url, { headers: { "accept-encoding": "gzip" } }, (answer) => {
      let bytes = 0;
      answer.on("data", (part) => void (bytes += part.length));
      answer.on("end", () => resolve(bytes));
    }).on("error", reject);
  });
}
