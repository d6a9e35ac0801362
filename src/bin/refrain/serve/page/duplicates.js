// Duplicates: groups of files that hold the same recording, and which one to keep.
import * as api from "./api.js";
import { button, h, problem, say, show } from "./dom.js";
import { player } from "./player.js";
import { count, fileName, size, time } from "./words.js";

/** What the relations of copies mean. */
const relations = {
  reference: "the first file",
  same_bytes: "same bytes",
  same_audio: "same audio",
  remaster: "remaster",
  other_speed: "other speed",
  edit: "edit",
  excerpt: "excerpt",
  shared_backing: "same backing",
};

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

/** What a step of the search does. */
const steps = { compare: "Comparing tracks", measure: "Measuring files" };

async function load(list, signal) {
  const words = h("p", { className: "waiting" }, "Comparing… A large library takes minutes the first time.");
  show(list, words);
  const groups = [];
  try {
    for await (const line of api.duplicates(signal)) {
      if (line.error) throw new Error(line.error);
      if (line.files) groups.push(line);
      if (line.progress) {
        const { step, done, total } = line.progress;
        words.textContent = `${steps[step] ?? step}: ${done.toLocaleString("en")} of ${total.toLocaleString("en")}`;
      }
    }
    const bytes = groups.reduce((sum, group) => sum + group.bytes, 0);
    const total =
      groups.length === 0
        ? "There are no duplicates."
        : `${count(groups.length, "group")}. The files that need not be kept take ${size(bytes)}.`;
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
        h("thead", {}, h("tr", {}, ["File", "Keep?", "Relation", "Length", "Size", "Play"].map(heading))),
        h("tbody", {}, files.map(row)),
      ),
    ),
  );
}

function heading(text) {
  return h("th", { scope: "col", className: ["Length", "Size"].includes(text) ? "number" : "" }, text);
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
