// Track: what the index knows about one track, its files, its copies, and what is like it.
import * as api from "./api.js";
import { cover } from "./answer.js";
import { button, h, problem, say, show } from "./dom.js";
import { player } from "./player.js";
import { related } from "./related.js";
import { artists, fullName, range, size, time, title } from "./words.js";

export async function track(room, [id]) {
  const found = await api.track(id);
  const there = found.files.some((file) => !file.missing);
  const said = h("div");
  const asked = new AbortController();
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
          there && button("Play", () => player.track(found, 0)),
          button("Remove from the index", () => remove(found, said), { className: "second" }),
        ),
        said,
      ),
    ),
    h("h2", {}, "Files"),
    h("ul", { className: "files" }, found.files.map((file) => h("li", {}, file.path, ` (${size(file.size)})`, file.missing && h("strong", {}, " missing")))),
    found.copies.length > 0 && [h("h2", {}, "Same sound in other tracks"), h("ul", { className: "files" }, found.copies.map(copy))],
    related(id, asked.signal),
  );
  return () => asked.abort();
}

function copy(other) {
  const parts = `${range(other.query_start, other.query_end)} is the same sound as ${range(other.ref_start, other.ref_end)} there`;
  return h("li", {}, h("a", { href: `#/track/${other.id}` }, fullName(other)), `: ${parts}`);
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
