// Index: what it holds, and bringing it up to date.
import * as api from "./api.js";
import { button, h, problem, say, show } from "./dom.js";
import { count, size } from "./words.js";

/** States of a build that goes on. */
const running = ["scanning", "reading", "neighbours"];

export async function builds(room) {
  const about = h("div");
  const job = h("div");
  const start = button("Look for new and changed files", begin);
  let stopWatching;

  async function begin() {
    start.disabled = true;
    try {
      watch((await api.startBuild()).id);
    } catch (error) {
      start.disabled = false;
      show(job, problem(error));
    }
  }

  function watch(id) {
    start.disabled = true;
    const progress = h("progress", { "aria-label": "Progress" });
    const words = h("p", { className: "count" });
    const cancel = button("Stop", () => api.cancelBuild(id).catch((error) => show(job, problem(error))), { className: "second" });
    show(job, progress, words, cancel);
    say("The build has begun");
    stopWatching = api.watchBuild(id, (state, ended) => {
      if (state.bytes > 0) {
        progress.max = state.bytes;
        progress.value = state.bytes_done;
      }
      words.textContent = doing(state);
      if (!ended) return;
      start.disabled = false;
      show(job, outcome(state));
      say(summary(state));
      load();
    });
  }

  async function load() {
    const found = await api.info();
    show(
      about,
      h("p", { className: "count" }, `${count(found.tracks, "track")}, ${(found.seconds / 3600).toFixed(1)} hours, ${size(found.bytes)}`),
      found.roots.length > 0 && [h("h2", {}, "Folders"), h("ul", { className: "files" }, found.roots.map((root) => h("li", {}, root)))],
      found.failures > 0 && h("p", { className: "note" }, `${count(found.failures, "file")} could not be used. `, h("code", {}, "refrain index info --errors"), " names them."),
    );
  }

  show(room, h("h1", {}, "Index"), about, h("div", { className: "row" }, start), job);
  await load();
  const now = (await api.builds()).builds.find((build) => running.includes(build.state));
  if (now) watch(now.id);
  return () => stopWatching?.();
}

/** What a build does at the moment. */
function doing({ state, found, files, files_done }) {
  if (state === "scanning") return `${count(found, "file")} found`;
  if (state === "neighbours") return "Making searches fast";
  return `${files_done.toLocaleString("en")} of ${count(files, "file")} read`;
}

/** What a build has done, in a sentence. */
function summary({ state, error, added, moved, missing, errors }) {
  if (state === "failed") return error;
  const words = [
    `${count(added, "track")} added`,
    moved > 0 && `${count(moved, "file")} moved`,
    missing > 0 && `${count(missing, "file")} missing`,
    errors > 0 && `${count(errors, "file")} could not be used`,
  ];
  return `${state === "cancelled" ? "Stopped" : "Done"}. ${words.filter(Boolean).join(", ")}.`;
}

function outcome(state) {
  if (state.state === "failed") return problem(new Error(state.error));
  return [
    h("p", { className: "count" }, summary(state)),
    state.failed.length > 0 && h("ul", { className: "files" }, state.failed.map(({ path, reason }) => h("li", {}, `${path}: ${reason}`))),
  ];
}
