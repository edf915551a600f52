// What must hold of the pages of operators as a whole.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { audit, close, EXECUTABLE, shoot, visit, weigh } from "./harness.mjs";
import { begin, enter, grant, HOSTILE, joinIn, logIn, open, OWNER, run, VIEWER, VIEWS } from "./operator.mjs";

/** @import { Page } from "playwright-core" */

after(close);

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
    await shoot(page, `admin-login-${locale}`);
    await joinIn(server, OWNER, HOSTILE[2]);
    await grant(server, OWNER, "owner");
    await logIn(page, OWNER);
    for (const view of VIEWS) {
      await open(page, view);
      await audit(page, view);
      await shoot(page, `admin-${view}-${locale}`);
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
    await shoot(page, `admin-person-${locale}`);
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
  t.diagnostic(`expanded all in ${Math.round(performance.now() - begun)} ms`);
  const canvas = page.locator(".drawn canvas");
  const box = /** @type {{x: number, y: number}} */ (await canvas.boundingBox());
  /** @type {Record<string, () => Promise<void>>} */
  const gestures = {
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
    const { drawn, took } = await busiestFrame(page, gesture);
    t.diagnostic(`${name}: ${drawn} people and ${took.toFixed(1)} ms in the busiest frame`);
    assert.ok(drawn > 0 && drawn < 5000, `${name} drew ${drawn} people`);
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
 * How many people a frame drew, and how long it took, at most while something was done.
 *
 * @param {Page} page
 * @param {() => Promise<void>} gesture
 */
async function busiestFrame(page, gesture) {
  await page.evaluate(() => {
    const busiest = Object.assign(window, { busiest: { drawn: 0, took: 0 } }).busiest;
    const [ask, arc] = [window.requestAnimationFrame, CanvasRenderingContext2D.prototype.arc];
    let drawn = 0;
    CanvasRenderingContext2D.prototype.arc = function (...circle) {
      drawn++;
      arc.apply(this, circle);
    };
    window.requestAnimationFrame = (work) => ask.call(window, (at) => {
      const begun = performance.now();
      drawn = 0;
      work(at);
      busiest.took = Math.max(busiest.took, performance.now() - begun);
      busiest.drawn = Math.max(busiest.drawn, drawn);
    });
  });
  await gesture();
  await page.waitForFunction(() => /** @type {any} */ (window).busiest.drawn > 0);
  return page.evaluate(() => /** @type {{drawn: number, took: number}} */ (/** @type {any} */ (window).busiest));
}

test("the pages are light", async (t) => {
  const server = await begin(t);
  const page = await visit(t, `${server.url}admin/`);
  await page.locator("input[type=tel]").waitFor();
  assert.ok(await weigh(t, page) < 200_000);
});
