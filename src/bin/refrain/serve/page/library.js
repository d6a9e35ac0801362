// Library: all tracks, page by page, and a search in them.
import * as api from "./api.js";
import { button, h, problem, say, show } from "./dom.js";
import { artists, count, fileName, time, title } from "./words.js";

const perPage = 50;

/** `words` may be a search and the number of a page. */
export function library(room, [search = "", page = "1"]) {
  const list = h("div", { className: "list" });
  let asked = 0;

  async function load(words, number) {
    const mine = ++asked;
    try {
      const found = await api.tracks(words, (number - 1) * perPage, perPage);
      if (mine !== asked) return;
      show(list, table(found, words, number));
      say(count(found.total, "track"));
    } catch (error) {
      if (mine === asked) show(list, problem(error));
    }
  }

  let pause;
  const field = h("input", {
    type: "search",
    id: "search",
    value: search,
    placeholder: "Title, artist, album or path",
    oninput: () => {
      clearTimeout(pause);
      pause = setTimeout(() => {
        // The address follows, so that going back returns to this search.
        history.replaceState(null, "", `#/library/${encodeURIComponent(field.value)}`);
        load(field.value, 1);
      }, 200);
    },
  });
  show(
    room,
    h("h1", {}, "Library"),
    h("form", { className: "search", role: "search", onsubmit: (event) => event.preventDefault() }, h("label", { htmlFor: "search" }, "Search"), field),
    list,
  );
  load(search, Math.max(1, Number(page) || 1));
  return () => clearTimeout(pause);
}

function table({ total, tracks }, search, page) {
  if (total === 0) return h("p", { className: "lead" }, search ? "No track has these words." : "The library is empty.");
  const pages = Math.ceil(total / perPage);
  return [
    h("p", { className: "count" }, count(total, "track"), pages > 1 && `, page ${page} of ${pages}`),
    h(
      "table",
      { className: "tracks" },
      h("caption", { className: "for-readers" }, "Tracks"),
      h("thead", {}, h("tr", {}, ["Title", "Artist", "Album", "Length"].map((name) => h("th", { scope: "col", className: name === "Length" ? "number" : "" }, name)))),
      h("tbody", {}, tracks.map(row)),
    ),
    pages > 1 &&
      h(
        "nav",
        { className: "row", "aria-label": "Pages of the list" },
        page > 1 && button("Previous", () => go(search, page - 1), { className: "second" }),
        page < pages && button("Next", () => go(search, page + 1), { className: "second" }),
      ),
  ];
}

function row(track) {
  const file = fileName(track.path);
  return h(
    "tr",
    {},
    h(
      "th",
      { scope: "row" },
      h("a", { href: `#/track/${track.id}` }, title(track)),
      track.title && h("span", { className: "file" }, file),
      track.missing && h("strong", {}, "missing"),
    ),
    h("td", {}, artists(track)),
    h("td", {}, track.album ?? ""),
    h("td", { className: "number" }, time(track.duration)),
  );
}

function go(search, page) {
  location.hash = `#/library/${encodeURIComponent(search)}/${page}`;
}
