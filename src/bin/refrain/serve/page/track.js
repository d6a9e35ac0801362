// Track: what the index knows about one track, its files and its copies.
import * as api from "./api.js";
import { cover } from "./answer.js";
import { button, h, problem, say, show } from "./dom.js";
import { player } from "./player.js";
import { artists, fullName, range, size, time, title } from "./words.js";

/** What the relations of copies mean. */
export const relations = {
  reference: "the first file",
  same_bytes: "same bytes",
  same_audio: "same audio",
  remaster: "remaster",
  other_speed: "other speed",
  edit: "edit",
  excerpt: "excerpt",
  shared_backing: "same backing",
};

export async function track(room, [id]) {
  const found = await api.track(id);
  const there = found.files.some((file) => !file.missing);
  const said = h("div");
  show(
    room,
    h(
      "div",
      { className: "match" },
      cover(found),
      h(
        "div",
        { className: "words" },
        h("h1", {}, title(found)),
        h("p", { className: "by" }, [artists(found), found.album].filter(Boolean).join(" · ")),
        h("p", {}, [time(found.duration), found.sample_rate && `${found.sample_rate.toLocaleString("en")} Hz`].filter(Boolean).join(", ")),
        h(
          "div",
          { className: "row" },
          there && button("Play", () => player.track({ ...found, path: found.files[0].path }, 0)),
          button("Remove from the index", () => remove(found, said), { className: "second" }),
        ),
        said,
      ),
    ),
    h("h2", {}, "Files"),
    h("ul", { className: "files" }, found.files.map((file) => h("li", {}, file.path, ` (${size(file.size)})`, file.missing && h("strong", {}, " missing")))),
    found.copies.length > 0 && [h("h2", {}, "Copies"), h("ul", { className: "files" }, found.copies.map(copy))],
  );
}

function copy(other) {
  const parts = (other.agrees ?? []).map(([start, end]) => range(start, end)).join(", ");
  return h(
    "li",
    {},
    h("a", { href: `#/track/${other.id}` }, fullName(other)),
    `: ${[relations[other.relation] ?? other.relation, parts && `agrees at ${parts}`].filter(Boolean).join(", ")}`,
  );
}

function remove(found, said) {
  // A second press is the confirmation. No box covers the page.
  const sure = button("Yes, remove it", async () => {
    try {
      await api.removeTrack(found.id);
      say("Removed");
      location.hash = "#/library";
    } catch (error) {
      show(said, problem(error));
    }
  });
  const no = button("Keep it", () => show(said), { className: "second" });
  show(said, h("p", {}, "The index forgets the track. The music file stays where it is."), h("div", { className: "row" }, sure, no));
  sure.focus();
}
