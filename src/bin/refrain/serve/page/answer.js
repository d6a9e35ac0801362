// The answer to a clip.
import * as api from "./api.js";
import { button, h, problem, say, show } from "./dom.js";
import { player } from "./player.js";
import { artists, change, count, fileName, range, sure, title } from "./words.js";

/** What refrain says about `clip`: the document of `query --json`, to look at and to listen to. */
export function answer(document, clip) {
  if (document.status === "error") return problem(new Error(document.error));
  const notes = document.warnings.map((warning) => h("p", { className: "note" }, warning));
  if (document.status === "no_match") {
    say("No match");
    return [
      h("div", { className: "none" }, h("h2", {}, "No match"), h("p", {}, "No track of this library is in the clip.")),
      notes,
      reasons(clip),
    ];
  }
  const found = document.matches;
  say(found.length === 1 ? `Match: ${title(found[0])}` : `${found.length} matches, the first is ${title(found[0])}`);
  return [
    h("h2", { className: "for-readers" }, count(found.length, "match", "matches")),
    h("ol", { className: "matches" }, found.map((match) => h("li", {}, card(match, clip)))),
    notes,
  ];
}

function card(match, clip) {
  const copies = [...match.also_paths, ...match.copies];
  const differs = change(match);
  return h(
    "article",
    { className: "match" },
    cover(match),
    h(
      "div",
      { className: "words" },
      h("h3", {}, h("a", { href: `#/track/${match.id}` }, title(match))),
      h("p", { className: "by" }, [artists(match), match.album].filter(Boolean).join(" · ")),
      h(
        "dl",
        {},
        row("Confidence", sure(match.score)),
        row("In the clip", range(match.query_start, match.query_end, true)),
        row("In the track", range(match.ref_start, match.ref_end, true)),
        differs && row("The clip is", differs),
        row("File", fileName(match.path), match.missing && h("strong", {}, " (missing)")),
        copies.length > 0 && row("Also in", copies.map(fileName).join(", ")),
      ),
      h(
        "div",
        { className: "row" },
        !match.missing && button("Play the track here", () => player.track(match, match.ref_start)),
        !match.missing && button("Compare clip and track", () => player.compare(clip, match), { className: "second" }),
      ),
      reasons(clip, match.id),
    ),
  );
}

function row(name, ...value) {
  return h("div", {}, h("dt", {}, name), h("dd", {}, value));
}

/** The cover of a track, or nothing if its file has none. */
export function cover(track) {
  const image = h("img", { className: "cover", src: api.coverAddress(track.id), alt: "", width: 96, height: 96 });
  image.addEventListener("error", () => image.remove());
  return image;
}

/** The picture that says why, drawn once it is asked for. */
function reasons(clip, track) {
  const room = h("div");
  let asked = false;
  const details = h("details", { className: "why" }, h("summary", {}, "Why?"), room);
  details.addEventListener("toggle", async () => {
    if (!details.open || asked) return;
    asked = true;
    show(room, h("p", { className: "waiting" }, "Drawing…"));
    try {
      const { document, svg } = await api.explain(clip, track);
      const drawn = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
      show(room, h("p", {}, document.reason), h("img", { className: "picture", src: drawn, alt: `Why: ${document.reason}` }));
    } catch (error) {
      asked = false;
      show(room, problem(error));
    }
  });
  return details;
}
