// Takes the README's pictures: `node .ci/pages/pictures.mjs` after `.ci/pages/run`.

import { after, test } from "node:test";
import { close, serve, visit } from "./harness.mjs";
import { ask, enter, logIn } from "./user.mjs";

after(close);

const folder = new URL("../../.github/pictures/", import.meta.url).pathname;
const FRIENDS = ["9161112233", "9034567890", "9219876543"];

test("the README's pictures", async (t) => {
  const { url } = await serve(t, { INVITED_LISTEN: "127.0.0.1:8080" });
  const options = { viewport: { width: 400, height: 640 } };
  const page = await visit(t, url, options);
  const smsCode = await ask(page, "9123456789");
  await page.screenshot({ path: `${folder}login.png` });
  await enter(page, smsCode);
  await page.getByLabel("First name").fill("Anna");
  await page.getByLabel("Last name").fill("Petrova");
  await page.getByRole("button", { name: "Save" }).click();
  const code = await page.locator(".invitation-code").innerText();
  for (const friend of FRIENDS) {
    const invited = await visit(t, `${url}?invitation=${code}`);
    await logIn(invited, friend);
  }
  await page.locator(".rows li").nth(2).waitFor();
  await page.locator(".toast").waitFor({ state: "detached" });
  await page.setViewportSize({ width: 1040, height: 700 });
  await page.evaluate(() => scrollTo(0, 0));
  await page.screenshot({ path: `${folder}home.png` });
});

test("the README's pictures of operators' pages", async (t) => {
  const { url } = await serve(t, {}, ["demo", "--listen", "127.0.0.1:8080"]);
  const page = await visit(t, `${url}admin/`, { viewport: { width: 1080, height: 640 } });
  await page.locator("input[type=tel]").fill("+79990000001");
  await page.keyboard.press("Enter");
  await page.locator(".code").fill("1234");
  await page.locator(".tiles").waitFor();
  await page.evaluate(() => document.querySelector(".banner")?.remove());
  await page.goto(`${url}admin/#/figures/month`);
  await page.locator(".chart").nth(9).waitFor();
  await page.screenshot({ path: `${folder}figures.png` });
  await page.goto(`${url}admin/#/tree`);
  const tree = page.locator(".drawn canvas");
  // Each second one goes to the first of those whom the one before expanded.
  for (const key of Array(9).fill("ArrowRight").concat("ArrowDown", "ArrowRight", "ArrowDown", "ArrowRight")) {
    await tree.press(key);
    await page.waitForTimeout(200);
  }
  await page.screenshot({ path: `${folder}tree.png` });
});
