// Index: what it holds, and bringing it up to date.
import * as api from "./api.js";
import { button, h, problem, say, show } from "./dom.js";
import { count, fileName, size } from "./words.js";

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
    stopWatching = api.watchBuild(id, (state) => {
      if (state.total) {
        progress.max = state.total;
        progress.value = state.done;
        words.textContent = `${state.done.toLocaleString("en")} of ${count(state.total, "file")}${state.file ? `: ${fileName(state.file)}` : ""}`;
      }
      if (state.state === "running") return;
      start.disabled = false;
      show(job, ended(state));
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
  const running = (await api.builds()).builds.find((build) => build.state === "running");
  if (running) watch(running.id);
  return () => stopWatching?.();
}

function summary(state) {
  if (state.state === "failed") return state.error;
  const { added = 0, removed = 0, failed = [] } = state.summary ?? {};
  const words = [`${count(added, "track")} added`, removed > 0 && `${removed} removed`, failed.length > 0 && `${count(failed.length, "file")} could not be used`];
  return `${state.state === "cancelled" ? "Stopped. " : "Done. "}${words.filter(Boolean).join(", ")}.`;
}

function ended(state) {
  if (state.state === "failed") return problem(new Error(state.error));
  const failed = state.summary?.failed ?? [];
  return [
    h("p", { className: "count" }, summary(state)),
    failed.length > 0 && h("ul", { className: "files" }, failed.map(({ path, reason }) => h("li", {}, `${path}: ${reason}`))),
  ];
}
