// How people invite, from the first login to the first invitee.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { audit, close, serve, shoot, visit } from "./harness.mjs";
import { ANNA, BORIS, enter, field, logIn, told } from "./user.mjs";

after(close);

test("a newcomer logs in, invites, and sees the first invitee arrive, without a terminal", async (t) => {
  const { url } = await serve(t);
  const anna = await visit(t, url);
  await logIn(anna, ANNA);
  const boris = await visit(t, await anna.locator("a.link").getAttribute("href"));
  await boris.getByText("+7912•••••89").waitFor();
  await audit(boris, "invitation");
  await shoot(boris, "invitation");
  await boris.locator("a.primary").click();
  await boris.waitForURL(url);
  await boris.getByText("+7912•••••89 invites you").waitFor();
  await audit(boris, "login of somebody invited");
  await logIn(boris, BORIS);
  await told(boris, "You were invited by +7 912 345-67-89");
  await anna.locator("li.new", { hasText: "+7 900 123-45-67" }).waitFor();
  await shoot(anna, "invited");
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
