// Calls of the server. Every answer that is an error becomes an Error with the server's sentence.

const root = "/api/v1";
const token = document.querySelector("meta[name=refrain-token]").content;

/** Calls the server. Answers with a code in `fine` are no errors. */
async function call(path, options = {}, fine = []) {
  let answer;
  try {
    answer = await fetch(path, { ...options, headers: { "X-Refrain-Token": token, ...options.headers } });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("refrain does not answer. Is it still running?");
  }
  if (!answer.ok && !fine.includes(answer.status)) {
    throw Object.assign(new Error(await reason(answer)), { isBusy: answer.status === 429 });
  }
  return answer;
}

async function reason(answer) {
  if (answer.status === 429) {
    const seconds = answer.headers.get("Retry-After");
    return `refrain is busy. Try again${seconds ? ` in ${seconds} s` : " soon"}.`;
  }
  try {
    return (await answer.json()).error;
  } catch {
    return `refrain answered with the code ${answer.status}.`;
  }
}

async function json(path, options) {
  return (await call(path, options)).json();
}

const upload = (clip, signal) => ({
  method: "POST",
  body: clip,
  signal,
  headers: { "Content-Type": "application/octet-stream" },
});

/** The matches of a clip: the document of `refrain query --json`. */
export async function query(clip, signal) {
  const words = new URLSearchParams({ name: clip.name });
  // A clip that cannot be read has a document too, with the reason.
  return (await call(`${root}/query?${words}`, upload(clip, signal), [422])).json();
}

/** Why a clip matches a track, or the best one: `document` with the sentence, and `svg` with the picture. */
export function explain(clip, track) {
  const theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const words = new URLSearchParams({ name: clip.name, format: "both", theme, ...(track === undefined ? {} : { track }) });
  return json(`${root}/explain?${words}`, upload(clip));
}

/** The lines of a timeline, as they become known. */
export async function* timeline(recording, signal) {
  const words = new URLSearchParams({ name: recording.name });
  yield* lines((await call(`${root}/timeline?${words}`, upload(recording, signal))).body);
}

async function* lines(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    const parts = (rest + (value ?? "")).split("\n");
    rest = done ? "" : parts.pop();
    for (const line of parts) if (line.trim()) yield JSON.parse(line);
    if (done) return;
  }
}

/** A page of tracks. */
export function tracks(search, offset, limit) {
  const words = new URLSearchParams({ offset, limit, sort: "title", ...(search ? { q: search } : {}) });
  return json(`${root}/tracks?${words}`);
}

/** One track with its files and copies. */
export function track(id) {
  return json(`${root}/tracks/${id}?copies=true`);
}

/** Other performances of the piece that a track holds. If the track is too short, `error` says so. */
export async function versions(id, signal) {
  return (await call(`${root}/tracks/${id}/versions`, { signal }, [422])).json();
}

/** Tracks of similar harmony. If the track is too short, `error` says so. */
export async function similar(id, signal) {
  return (await call(`${root}/tracks/${id}/similar`, { signal }, [422])).json();
}

/** Takes a track out of the index. The music file stays. */
export function removeTrack(id) {
  return call(`${root}/tracks/${id}`, { method: "DELETE" });
}

/** Where the sound of a track is. */
export const audioAddress = (id) => `${root}/tracks/${id}/audio`;

/** Where the sound of a track is as WAV, for browsers that cannot play the file. */
export const wavAddress = (id) => `${root}/tracks/${id}/audio?as=wav`;

/** Where the cover of a track is. */
export const coverAddress = (id) => `${root}/tracks/${id}/cover`;

/** How the search for duplicates goes on, and the groups of files that hold the same recording. */
export async function* duplicates(signal) {
  yield* lines((await call(`${root}/duplicates`, { signal })).body);
}

/** The index: tracks, hours, folders. */
export function info() {
  return json(`${root}/info`);
}

/** Starts to bring the index up to date. */
export function startBuild() {
  return json(`${root}/builds`, { method: "POST" });
}

/** The builds of this process. */
export function builds() {
  return json(`${root}/builds`);
}

/** Ends a build. What is done so far stays. */
export function cancelBuild(id) {
  return call(`${root}/builds/${id}`, { method: "DELETE" });
}

/** Calls `told` with each state of a build, until it has ended. Returns a function that stops listening. */
export function watchBuild(id, told) {
  const events = new EventSource(`${root}/builds/${id}/events`);
  events.addEventListener("progress", (event) => told(JSON.parse(event.data), false));
  events.addEventListener("end", (event) => {
    events.close();
    told(JSON.parse(event.data), true);
  });
  return () => events.close();
}

/** Shows the token of the server. */
export function login(secret) {
  const body = JSON.stringify({ token: secret });
  return call(`${root}/session`, { method: "POST", body, headers: { "Content-Type": "application/json" } });
}
