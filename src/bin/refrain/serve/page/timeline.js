// Timeline: what was played when in a long recording.
import * as api from "./api.js";
import { button, h, problem, say, show } from "./dom.js";
import { picker } from "./picker.js";
import { player } from "./player.js";
import { artists, change, count, range, sure, time, title } from "./words.js";

export function timeline(room) {
  const result = h("div", { className: "result" });
  let asked = new AbortController();

  async function ask(recording) {
    asked.abort();
    asked = new AbortController();
    const plays = [];
    const waiting = h("p", { className: "waiting" }, `Reading ${recording.name}…`);
    const list = h("div");
    show(result, waiting, list);
    say(`Reading ${recording.name}`);
    try {
      for await (const line of api.timeline(recording, asked.signal)) {
        if (line.error && !line.plays) throw new Error(line.error);
        if (line.progress !== undefined) {
          waiting.textContent = `${time(line.progress)} read, ${count(plays.length, "song")} so far…`;
        } else if (line.play) {
          plays.push(line.play);
          show(list, rows(plays, recording));
        } else {
          show(result, drawn(line, recording));
        }
      }
    } catch (error) {
      if (error.name !== "AbortError") show(result, problem(error));
    }
  }

  show(
    room,
    h("h1", {}, "What was played when?"),
    h("p", { className: "lead" }, "Drop a radio show, a set or any long recording."),
    picker("Choose a recording", ask),
    result,
  );
  return () => asked.abort();
}

function drawn(document, recording) {
  if (document.status === "error") return problem(new Error(document.error));
  say(count(document.plays.length, "song"));
  return [
    h("h2", {}, `${count(document.plays.length, "song")} in ${time(document.duration)}`),
    bar(document, recording),
    rows(document.plays, recording),
    document.warnings.map((warning) => h("p", { className: "note" }, warning)),
  ];
}

/** The recording as a bar. Songs are buttons; what is unknown or silent shows as gaps. */
function bar({ duration, plays, unknown, silent }, recording) {
  const place = (element, start, end) => {
    element.style.left = `${(100 * start) / duration}%`;
    element.style.width = `${Math.max(0.3, (100 * (end - start)) / duration)}%`;
    return element;
  };
  const gap = (kind) => ([start, end]) => place(h("span", { className: `gap ${kind}`, title: `${kind}, ${range(start, end)}` }), start, end);
  const songs = plays.map((play, at) => {
    const name = `${title(play)}, ${range(play.start, play.end)}`;
    return place(button("", () => player.file(recording, play.start), { className: `song shade-${at % 4}`, title: name, "aria-label": `Play ${name}` }), play.start, play.end);
  });
  return h(
    "div",
    { className: "bar", role: "group", "aria-label": "The recording" },
    unknown.map(gap("unknown")),
    silent.map(gap("silent")),
    songs,
  );
}

function rows(plays, recording) {
  if (plays.length === 0) return h("p", {}, "No track of this library was played.");
  return h(
    "ol",
    { className: "plays" },
    plays.map((play) =>
      h(
        "li",
        {},
        button(range(play.start, play.end), () => player.file(recording, play.start), { className: "second", "aria-label": `${range(play.start, play.end)}: play the recording` }),
        h("span", {}, h("a", { href: `#/track/${play.id}` }, title(play)), artists(play) && ` – ${artists(play)}`),
        h("span", { className: "soft" }, [`${sure(play.score)} sure`, change(play)].filter(Boolean).join(", ")),
      ),
    ),
  );
}
