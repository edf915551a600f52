// What people do with their accounts.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { audit, close, serve, shoot, visit } from "./harness.mjs";
import { ANNA, BORIS, enter, field, logIn, told } from "./user.mjs";

after(close);

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

test("a phone is changed after a fresh login", async (t) => {
  const { url } = await serve(t, { INVITED_LIMITS__SENDS_PER_PHONE: "off" });
  const page = await visit(t, url);
  await logIn(page, ANNA);
  const change = page.getByRole("button", { name: "Change number" });
  const send = page.getByRole("button", { name: "Get a code" });
  // As if fifteen minutes had passed.
  const stale = { status: 403, contentType: "application/problem+json", body: JSON.stringify({ code: "fresh_login_required" }) };
  await page.route("**/profile/phone/", (route) => route.fulfill(stale), { times: 1 });
  await change.click();
  await field(page, "New phone number").fill(BORIS);
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
