// What people do again and again with the user's page.

/** @import { Page } from "playwright-core" */

export const ANNA = "9123456789";
export const BORIS = "9001234567";

/** Asks for a code, and reads it on the page. @param {Page} page @param {string} phone */
export async function ask(page, phone) {
  await page.locator("input[type=tel]").pressSequentially(phone);
  await page.keyboard.press("Enter");
  return /\d{4,}/.exec(await page.locator(".sms p").innerText())[0];
}

/** Types into the boxes, which send themselves when they are full. @param {Page} page @param {string} code */
export async function enter(page, code) {
  await page.locator("#code").pressSequentially(code);
}

/** @param {Page} page @param {string} phone */
export async function logIn(page, phone) {
  await enter(page, await ask(page, phone));
  await page.locator(".invitation-code").waitFor();
}

/** Waits for what the page says in passing. @param {Page} page @param {string | RegExp} text */
export const told = (page, text) => page.locator(".toast", { hasText: text }).waitFor();

/** What a field says of what was typed into it. @param {Page} page @param {string} label */
export const field = (page, label) => page.getByLabel(label, { exact: true });
