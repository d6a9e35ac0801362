// The bar at the bottom that plays a track, a recording, or a clip and its track by turns.
import * as api from "./api.js";
import { button, h, say, show } from "./dom.js";
import { fullName, time } from "./words.js";

const bar = document.getElementById("player");

/** What plays: sounds with their name, element and place. The first is heard first. */
let sounds = [];
let heard = 0;
let inTurn = false;

function close() {
  for (const sound of sounds) {
    sound.audio.pause();
    sound.audio.removeAttribute("src");
    sound.audio.load();
    if (sound.blob) URL.revokeObjectURL(sound.blob);
  }
  sounds = [];
  inTurn = false;
  bar.hidden = true;
  show(bar);
}

/** A sound that begins at `start`. `addresses` are tried one after another until the browser can play one. */
function sound(name, addresses, start, end) {
  const audio = h("audio", { preload: "auto" });
  const mine = { name, audio, start, end };
  let next = 0;
  let wanted = start;
  const load = () => {
    audio.src = addresses[next++];
    audio.addEventListener("loadedmetadata", () => (audio.currentTime = wanted), { once: true });
  };
  audio.addEventListener("error", () => {
    if (!audio.hasAttribute("src")) return;
    if (next < addresses.length) {
      const playing = mine.wants;
      wanted = audio.currentTime || wanted;
      load();
      if (playing) audio.play().catch(() => {});
    } else {
      mine.failed = true;
      tell();
    }
  });
  for (const kind of ["timeupdate", "play", "pause", "durationchange", "seeked"]) audio.addEventListener(kind, tell);
  audio.addEventListener("timeupdate", () => {
    // One after the other: the second begins where the first ends.
    if (inTurn && sounds[heard] === mine && audio.currentTime >= end && heard + 1 < sounds.length) hear(heard + 1, true);
  });
  load();
  return mine;
}

function play(mine) {
  mine.wants = true;
  mine.audio.play().catch(() => {});
}

function pause(mine) {
  mine.wants = false;
  mine.audio.pause();
}

/** Goes over to another sound: to the same moment of the music, or to the beginning of its part. */
function hear(next, fromStart) {
  const [from, to] = [sounds[heard], sounds[next]];
  const passed = fromStart ? 0 : Math.max(0, (from.audio.currentTime - from.start) * (to.speed / from.speed));
  pause(from);
  heard = next;
  to.audio.currentTime = to.start + passed;
  play(to);
  say(`${to.name} plays`);
  tell();
}

/** Fills the bar. `names` of several sounds become buttons. */
function fill(label) {
  const toggle = button("", () => (sounds[heard].audio.paused ? play(sounds[heard]) : pause(sounds[heard])), { className: "toggle" });
  const place = h("input", {
    type: "range",
    min: 0,
    step: 0.1,
    "aria-label": "Position",
    oninput: () => (sounds[heard].audio.currentTime = Number(place.value)),
  });
  const clock = h("span", { className: "clock" });
  const turns =
    sounds.length > 1 &&
    h(
      "div",
      { className: "turns", role: "group", "aria-label": "What you hear" },
      sounds.map((each, at) => button(each.name, () => ((inTurn = false), hear(at, false)))),
      button("One after the other", () => {
        inTurn = true;
        hear(0, true);
      }),
    );
  show(
    bar,
    toggle,
    h("span", { className: "what" }, label),
    place,
    clock,
    turns,
    button("Close", close, { className: "second", "aria-label": "Close the player" }),
  );
  bar.hidden = false;
  bar.update = () => {
    const { audio, failed } = sounds[heard];
    toggle.textContent = audio.paused ? "Play" : "Pause";
    const length = Number.isFinite(audio.duration) ? audio.duration : 0;
    place.max = length;
    place.value = audio.currentTime;
    place.setAttribute("aria-valuetext", `${time(audio.currentTime)} of ${time(length)}`);
    clock.textContent = failed ? "the browser cannot play this" : `${time(audio.currentTime)} / ${time(length)}`;
    if (turns) {
      [...turns.children].forEach((each, at) => each.setAttribute("aria-pressed", at === (inTurn ? sounds.length : heard)));
    }
  };
}

function tell() {
  if (sounds.length) bar.update?.();
}

function begin(label, ...all) {
  close();
  sounds = all;
  heard = 0;
  fill(label);
  tell();
  play(sounds[0]);
}

const ofTrack = (track, start, end) =>
  sound("Track", [api.audioAddress(track.id), api.wavAddress(track.id)], start, end);

function ofFile(name, file, start, end) {
  const blob = URL.createObjectURL(file);
  return Object.assign(sound(name, [blob], start, end), { blob });
}

export const player = {
  /** The element that is heard. */
  heard: () => sounds[heard]?.audio,

  /** Plays a track from `start` on. */
  track(track, start) {
    begin(fullName(track), Object.assign(ofTrack(track, start), { speed: 1 }));
  },

  /** Plays a file of the user's from `start` on. */
  file(file, start) {
    begin(file.name, Object.assign(ofFile("Recording", file, start), { speed: 1 }));
  },

  /** Plays the part of the clip that matches, and the same part of the track. */
  compare(clip, match) {
    begin(
      fullName(match),
      Object.assign(ofFile("Clip", clip, match.query_start, match.query_end), { speed: 1 }),
      Object.assign(ofTrack(match, match.ref_start, match.ref_end), { speed: match.tempo }),
    );
  },
};
