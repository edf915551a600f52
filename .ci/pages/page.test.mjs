// What must hold of the user's page as a whole.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer, request } from "node:http";
import { join } from "node:path";
import { after, test } from "node:test";
import { audit, close, serve, shoot, visit, weigh } from "./harness.mjs";
import { ANNA, ask, enter } from "./user.mjs";

after(close);

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
  assert.ok(await weigh(t, page) < 60 * 1024);
});
