import assert from "node:assert/strict";
import { after, test } from "node:test";
import { audit, close, serve, shoot, visit } from "./harness.mjs";

after(close);

const ANNA = "9123456789";
const BORIS = "9001234567";

/**
 * Logs in with the code that the page shows.
 *
 * @param {import("playwright-core").Page} page
 * @param {string} phone
 */
export async function logIn(page, phone) {
  await page.locator("input[type=tel]").pressSequentially(phone);
  await page.keyboard.press("Enter");
  const message = await page.locator(".sms p").innerText();
  await page.locator("#code").pressSequentially(/\d{4,}/.exec(message)[0]);
  await page.locator(".invitation-code").waitFor();
}

test("somebody logs in with the code that the page shows", async (t) => {
  const { url } = await serve(t);
  const page = await visit(t, url);
  await audit(page, "login");
  await shoot(page, "login-en");
  await page.locator("input[type=tel]").pressSequentially(ANNA);
  assert.equal(await page.locator("input[type=tel]").inputValue(), "+7 912 345-67-89");
  await page.keyboard.press("Enter");
  await page.locator(".sms").waitFor();
  await audit(page, "code");
  await shoot(page, "code-en");
  const message = await page.locator(".sms p").innerText();
  await page.locator("#code").pressSequentially(/\d{4}/.exec(message)[0]);
  await page.locator(".invitation-code").waitFor();
  await audit(page, "home");
  await shoot(page, "home-en");
});
