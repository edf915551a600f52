// People, and how one of them is found.

import { may, read } from "../api.js";
import { h, nameOf, said } from "../dom.js";
import { failure, field } from "../form.js";
import { addRows, table } from "../table.js";
import { date, t } from "../words.js";

/** @import { PersonRow, View } from "../types" */
/** @import { Column } from "../table.js" */

/** @type {View} */
export async function people(root, { query }, signal) {
  const search = h("input", { type: "search", name: "query", value: query.get("query"), autocomplete: "off", spellcheck: "false", maxlength: 150 });
  const banned = h("input", { type: "checkbox", name: "banned", checked: query.get("banned") === "true" });
  const form = h("form", { class: "search", role: "search", onsubmit: start }, field(t(may("phones") ? "people.search" : "people.search_masked"), search), h("label", { class: "check" }, banned, t("people.banned")));
  const found = h("div", { class: "listing", "aria-live": "polite" });
  root.append(h("header", { class: "head" }, h("h1", {}, t("view.people"))), form, found);

  let turn = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let soon;
  signal.addEventListener("abort", () => clearTimeout(soon));
  const look = () => {
    keep();
    clearTimeout(soon);
    soon = setTimeout(start, 250);
  };
  search.addEventListener("input", look);
  banned.addEventListener("change", start);

  /** @param {Event} [event] */
  function start(event) {
    event?.preventDefault();
    clearTimeout(soon);
    keep();
    return list();
  }

  /** Keeps what is asked in the address, in place: a search is one step of the history, not one a letter. */
  function keep() {
    const asked = new URLSearchParams();
    if (search.value.trim()) asked.set("query", search.value.trim());
    if (banned.checked) asked.set("banned", "true");
    history.replaceState(null, "", `#/people${asked.size ? "?" : ""}${asked}`);
  }

  async function list() {
    const mine = ++turn;
    const { element, body } = table(t("view.people"), COLUMNS(), []);
    const more = h("button", { class: "more", onclick: () => next(after) }, t("more"));
    /** @type {number | null} */
    let after = null;

    /** @param {number | null} from */
    async function next(from) {
      more.disabled = true;
      try {
        const page = await read("people/", { query: search.value.trim(), banned: banned.checked || null, after: from, limit: 50 }, signal);
        if (mine !== turn) return;
        addRows(body, COLUMNS(), page.people);
        after = page.next;
        const none = body.hasChildNodes() ? element : h("p", { class: "empty" }, t("people.none"));
        found.replaceChildren(none, ...(after == null ? [] : [more]));
      } catch (error) {
        if (!signal.aborted && mine === turn) found.replaceChildren(failure(error, list));
      } finally {
        more.disabled = false;
      }
    }
    await next(null);
  }
  await list();
}

/** @returns {Column<PersonRow>[]} */
const COLUMNS = () => [
  { title: t("people.phone"), text: (row) => row.phone, cell: (row) => h("a", { class: "phone", href: `#/people/${row.id}` }, row.phone) },
  { title: t("people.name"), text: nameOf, cell: (row) => said(nameOf(row)) },
  { title: t("people.code"), text: (row) => row.invitation_code, cell: (row) => h("code", {}, row.invitation_code) },
  { title: t("people.since"), text: (row) => row.created_at, cell: (row) => date(row.created_at) },
  { title: t("people.state"), text: (row) => row.banned_at ?? "", cell: (row) => (row.banned_at ? h("span", { class: "badge bad" }, t("people.banned_state")) : "") },
];
