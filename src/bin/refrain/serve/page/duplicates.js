// Duplicates: groups of files that hold the same recording, and which one to keep.
import * as api from "./api.js";
import { button, h, problem, say, show } from "./dom.js";
import { player } from "./player.js";
import { relations } from "./track.js";
import { count, fileName, size, time } from "./words.js";

export function duplicates(room) {
  const asked = new AbortController();
  const list = h("div");
  show(
    room,
    h("h1", {}, "Duplicates"),
    h("p", { className: "lead" }, "Files that hold the same recording. This page changes no file: ", h("code", {}, "refrain duplicates --trash"), " does."),
    list,
  );
  load(list, asked.signal);
  return () => asked.abort();
}

async function load(list, signal) {
  show(list, h("p", { className: "waiting" }, "Comparing… A large library takes minutes the first time."));
  try {
    const { groups } = await api.duplicates(signal);
    const bytes = groups.reduce((sum, group) => sum + group.bytes, 0);
    const total = groups.length === 0 ? "There are no duplicates." : `${count(groups.length, "group")}. The files that need not be kept take ${size(bytes)}.`;
    show(list, h("p", { className: "count" }, total), groups.map(group));
    say(total);
  } catch (error) {
    if (error.name !== "AbortError") show(list, problem(error));
  }
}

function group({ files, bytes }) {
  const [first] = files;
  const name = first.title ? `${first.artist ? `${first.artist} – ` : ""}${first.title}` : fileName(first.path);
  return h(
    "section",
    { className: "group" },
    h("h2", {}, name),
    h("p", { className: "soft" }, `${count(files.length, "file")}, ${size(bytes)} to gain`),
    h(
      "div",
      { className: "wide", tabIndex: 0, role: "region", "aria-label": `Files of ${name}` },
      h(
        "table",
        {},
        h("caption", { className: "for-readers" }, `Files of ${name}`),
        h("thead", {}, h("tr", {}, ["File", "Keep?", "Relation", "Length", "Size", "Play"].map((text) => h("th", { scope: "col" }, text)))),
        h("tbody", {}, files.map(row)),
      ),
    ),
  );
}

function row(file) {
  return h(
    "tr",
    { className: file.keep ? "keep" : "" },
    h("th", { scope: "row" }, h("a", { href: `#/track/${file.id}` }, fileName(file.path)), h("span", { className: "file" }, file.path)),
    h("td", {}, h("strong", {}, file.keep ? "Keep" : "Spare"), h("span", { className: "file" }, file.why)),
    h("td", {}, relations[file.relation] ?? file.relation),
    h("td", { className: "number" }, time(file.duration)),
    h("td", { className: "number" }, size(file.size)),
    h("td", {}, button("Play", () => player.track(file, file.agrees?.[0]?.[0] ?? 0), { className: "second", "aria-label": `Play ${fileName(file.path)}` })),
  );
}
