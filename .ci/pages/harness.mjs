// A server of its own for each test, and browsers that fail a test for whatever
// a page must not do: break its Content-Security-Policy, log an error, or ask
// another host for anything.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

/** Where screenshots go. */
export const PICTURES = process.env.PICTURES ?? join(tmpdir(), "invited-pictures");

/** What is tested. */
export const EXECUTABLE = process.env.INVITED ?? new URL("../../target/debug/invited", import.meta.url).pathname;
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/**
 * Starts the executable on a free port, with a database of its own; it is
 * stopped when the test ends.
 *
 * @param {import("node:test").TestContext} test
 * @param {Record<string, string>} [settings] Environment variables, `INVITED_...`.
 * @param {string[]} [command] What to run instead of `serve`.
 */
export async function serve(test, settings = {}, command = ["serve"]) {
  const folder = await mkdtemp(join(tmpdir(), "invited-"));
  const env = { INVITED_LISTEN: "127.0.0.1:0", INVITED_LOG: "warn", INVITED_DATABASE: join(folder, "invited.db"), ...settings };
  const server = spawn(EXECUTABLE, command, { cwd: folder, env, stdio: ["ignore", "pipe", "inherit"] });
  const exited = new Promise((resolve) => server.once("exit", resolve));
  test.after(async () => {
    server.kill();
    await exited;
    await rm(folder, { recursive: true });
  });
  const lines = createInterface(server.stdout);
  const url = await new Promise((resolve, reject) => {
    server.once("exit", (code) => reject(new Error(`the server ended with ${code}`)));
    // Read to the end, so that it is never blocked by a full pipe.
    lines.on("line", (line) => line.startsWith("listening on ") && resolve(line.slice("listening on ".length)));
  });
  return { url: `${url}/`, folder, stop: () => server.kill(), exited };
}

/** @type {import("playwright-core").Browser | undefined} */
let browser;

/**
 * A browser of its own, without what others remember.
 *
 * @param {import("node:test").TestContext} test
 * @param {string} url
 * @param {import("playwright-core").BrowserContextOptions} [options]
 */
export async function visit(test, url, options = {}) {
  browser ??= await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
  const context = await browser.newContext({ locale: "en", ...options });
  test.after(() => context.close());
  context.setDefaultTimeout(10_000);
  const wrong = watch(context, new URL(url).origin);
  test.after(() => assert.deepEqual(wrong, [], "what the page must not do"));
  const page = await context.newPage();
  await page.goto(url);
  return page;
}

/** Ends the browser; to be called when all tests are over. */
export async function close() {
  await browser?.close();
}

/**
 * Writes down what pages must not do.
 *
 * @param {import("playwright-core").BrowserContext} context
 * @param {string} origin
 */
function watch(context, origin) {
  /** @type {string[]} */
  const wrong = [];
  context.on("weberror", (error) => wrong.push(`thrown: ${error.error().stack}`));
  context.on("console", (message) => {
    // A refusal of the API is an answer like any other; the browser logs it all the same.
    const isRefusal = /^Failed to load resource/.test(message.text());
    if (message.type() === "error" && !isRefusal) wrong.push(`logged: ${message.text()}`);
  });
  context.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(`${origin}/`) && !url.startsWith("data:")) wrong.push(`asked another host: ${url}`);
  });
  context.on("response", (response) => {
    const isPart = ["document", "stylesheet", "script", "image", "font"].includes(response.request().resourceType());
    if (isPart && response.status() >= 400) wrong.push(`${response.status()} for ${response.url()}`);
  });
  return wrong;
}

/**
 * Fails for what keeps people with disabilities out (axe-core), when it is
 * serious, in light and in dark.
 *
 * @param {import("playwright-core").Page} page
 * @param {string} view
 */
export async function audit(page, view) {
  await page.evaluate(axe);
  for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const found = await page.evaluate(() => /** @type {any} */ (window).axe.run());
    const serious = found.violations.filter((/** @type {any} */ one) => ["serious", "critical"].includes(one.impact));
    const told = serious.map((/** @type {any} */ one) => `${one.id}: ${one.nodes.map((/** @type {any} */ node) => `${node.html} ${node.failureSummary}`).join("; ")}`);
    assert.deepEqual(told, [], `${view}, ${colorScheme}`);
  }
}

/**
 * Bytes of everything that a page has loaded to be shown, compressed.
 *
 * @param {import("node:test").TestContext} test
 * @param {import("playwright-core").Page} page
 */
export async function weigh(test, page) {
  await page.waitForFunction(() => performance.getEntriesByName("first-contentful-paint").length);
  const { sizes, paint } = await page.evaluate(() => {
    const loaded = /** @type {PerformanceResourceTiming[]} */ ([...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]);
    const sizes = loaded.filter(({ initiatorType }) => initiatorType !== "fetch").map(({ encodedBodySize }) => encodedBodySize);
    return { sizes, paint: performance.getEntriesByName("first-contentful-paint")[0]?.startTime };
  });
  const total = sizes.reduce((sum, one) => sum + one, 0);
  test.diagnostic(`${sizes.length} files, ${total} bytes compressed; first paint after ${Math.round(paint ?? 0)} ms`);
  assert.ok(sizes.every((size) => size > 0), "each was loaded, and weighs something");
  return total;
}

/**
 * Takes pictures of a view: narrow and wide, light and dark.
 *
 * @param {import("playwright-core").Page} page
 * @param {string} name
 */
export async function shoot(page, name) {
  const before = page.viewportSize();
  for (const width of [360, 1280]) {
    await page.setViewportSize({ width, height: width === 360 ? 720 : 800 });
    const isWide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
    assert.ok(!isWide, `${name} is wider than ${width} pixels`);
    for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.screenshot({ path: join(PICTURES, `${name}-${width}-${colorScheme}.png`), fullPage: true });
    }
  }
  if (before) await page.setViewportSize(before);
}
