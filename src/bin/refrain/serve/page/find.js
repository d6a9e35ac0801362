// Find: a clip that is dropped, picked or recorded, and its answer.
import * as api from "./api.js";
import { answer } from "./answer.js";
import { button, h, problem, say, show } from "./dom.js";
import { picker } from "./picker.js";
import { Microphone } from "./microphone.js";
import { time } from "./words.js";

/** Seconds of sound after which a recording is looked up. */
const looks = [3, 4, 5, 6, 8, 10, 12, 15, 20];

export function find(room) {
  const result = h("div", { className: "result" });
  let asked = new AbortController();
  let microphone;

  async function ask(clip) {
    asked.abort();
    asked = new AbortController();
    const { signal } = asked;
    show(result, h("p", { className: "waiting" }, `Looking for ${clip.name}…`));
    say(`Looking for ${clip.name}`);
    try {
      const document = await api.query(clip, signal);
      show(result, answer(document, clip));
    } catch (error) {
      if (error.name !== "AbortError") show(result, problem(error));
    }
  }

  const meter = h("meter", { min: 0, max: 1, value: 0, "aria-label": "Loudness" });
  const heard = h("span", { className: "heard" });
  const recording = h("div", { className: "recording", hidden: true }, meter, heard);
  const record = button("Listen with the microphone", listen, { className: "second" });

  async function stop() {
    record.textContent = "Listen with the microphone";
    recording.hidden = true;
    const ended = microphone;
    microphone = undefined;
    await ended?.stop();
  }

  async function listen() {
    if (microphone) return stop();
    asked.abort();
    asked = new AbortController();
    const { signal } = asked;
    const mine = (microphone = new Microphone());
    record.textContent = "Stop listening";
    recording.hidden = false;
    heard.textContent = "waiting for the microphone";
    show(result);
    try {
      await mine.start((seconds, loudness) => {
        meter.value = loudness;
        heard.textContent = `${time(seconds)} heard`;
      });
      say("Listening");
      let last;
      for (const seconds of looks) {
        if (!(await mine.until(seconds))) return;
        const clip = mine.clip();
        try {
          last = await api.query(clip, signal);
        } catch (error) {
          // A later look may find the server less busy.
          if (error.isBusy && seconds !== looks.at(-1)) continue;
          throw error;
        }
        if (mine !== microphone) return;
        if (last.status === "match" || seconds === looks.at(-1)) {
          await stop();
          show(result, answer(last, clip));
          return;
        }
      }
    } catch (error) {
      if (error.name === "AbortError") return;
      await stop();
      show(result, problem(error));
    }
  }

  show(
    room,
    h("h1", {}, "What is this recording?"),
    h("p", { className: "lead" }, "Drop a clip or a whole track. Five seconds are enough. The sound stays on this machine."),
    picker("Choose a clip", ask),
    h("div", { className: "row" }, record, recording),
    result,
  );
  return () => {
    asked.abort();
    stop();
  };
}
