// Related: other performances of the piece that a track holds, and tracks of similar harmony.
import * as api from "./api.js";
import { h, problem, say, show } from "./dom.js";
import { count, difference, fullName, sure } from "./words.js";

/** Sections about the track `id`. They fill on their own, until `signal` says that the page is left. */
export function related(id, signal) {
  const [versions, similar] = [room(), room()];
  load(versions, similar, id, signal);
  return [
    section("versions", "Other versions", "Other performances of the same piece: live, covers, in another key, at another tempo.", versions),
    section("similar", "Similar tracks", "Similar chord progressions, in any key. The tracks need not be the same piece. Similarity goes from 0 to 1.", similar),
  ];
}

function room() {
  return h("div", {}, h("p", { className: "waiting" }, "Comparing…"));
}

function section(className, heading, lead, list) {
  return h("section", { className }, h("h2", {}, heading), h("p", { className: "lead" }, lead), list);
}

async function load(versions, similar, id, signal) {
  // One after the other, so that a page takes one place in the queue of the server.
  await fill(versions, signal, async () => {
    const { versions, incomplete, error } = await api.versions(id, signal);
    return { tracks: versions, incomplete, error, entry: version, one: "other version", none: "No other version is in the library." };
  });
  await fill(similar, signal, async () => {
    const { similar, incomplete, error } = await api.similar(id, signal);
    return { tracks: similar, incomplete, error, entry: alike, one: "similar track", none: "No similar track is in the library." };
  });
}

async function fill(list, signal, ask) {
  try {
    const { tracks, incomplete, error, entry, one, none } = await ask();
    // The page may have been left while the answer came.
    if (signal.aborted) return;
    if (error) return show(list, h("p", { className: "note" }, error));
    show(
      list,
      tracks.length === 0 ? h("p", {}, none) : h("ul", { className: "files" }, tracks.map(entry)),
      incomplete && h("p", { className: "note" }, "refrain left out tracks that an older refrain indexed; run “refrain index rebuild” to include these tracks."),
    );
    say(tracks.length === 0 ? none : count(tracks.length, one));
  } catch (error) {
    if (error.name !== "AbortError") show(list, problem(error));
  }
}

function version(other) {
  return h("li", {}, link(other), `: ${sure(other.score)} sure, ${difference(other)}`, other.missing && h("strong", {}, " missing"));
}

function alike(other) {
  return h("li", {}, link(other), `: similarity ${other.score.toFixed(2)}`);
}

function link(other) {
  return h("a", { href: `#/track/${other.id}` }, fullName(other));
}
