// The microphone as a clip.
import { wav } from "./wav.js";

/** No clip is longer, in seconds. */
const longest = 30;

export class Microphone {
  #blocks = [];
  #samples = 0;
  #waiting = [];
  #stopped = false;

  /** Begins to record. Calls `heard` with the seconds so far and the loudness from 0 to 1. */
  async start(heard) {
    if (!navigator.mediaDevices?.getUserMedia) {
      throw new Error(
        "The browser gives a page the microphone only on this machine or over HTTPS. Open the page as http://127.0.0.1 or http://localhost.",
      );
    }
    // What makes speech clearer takes music apart.
    const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ audio });
    } catch (error) {
      const none = error.name === "NotFoundError";
      throw new Error(none ? "There is no microphone." : "The browser does not let this page use the microphone.");
    }
    if (this.#stopped) return this.#release();
    this.context = new AudioContext();
    await this.context.audioWorklet.addModule("/assets/recorder.js");
    if (this.#stopped) return this.#release();
    const source = this.context.createMediaStreamSource(this.stream);
    this.node = new AudioWorkletNode(this.context, "recorder", { numberOfOutputs: 0 });
    this.node.port.onmessage = ({ data }) => this.#take(data, heard);
    source.connect(this.node);
    await this.context.resume();
  }

  #take(block, heard) {
    if (this.#stopped || this.seconds >= longest) return;
    this.#blocks.push(block);
    this.#samples += block.length;
    const power = block.reduce((sum, sample) => sum + sample * sample, 0) / block.length;
    // -60 dB is 0, full scale 1.
    heard(this.seconds, Math.min(1, Math.max(0, 1 + (10 * Math.log10(power + 1e-9)) / 60)));
    this.#waiting = this.#waiting.filter(({ seconds, done }) => this.seconds < seconds || done(true));
  }

  get seconds() {
    return this.context ? this.#samples / this.context.sampleRate : 0;
  }

  /** Waits until this many seconds are heard. False if the recording ends before. */
  until(seconds) {
    if (this.#stopped) return Promise.resolve(false);
    if (this.seconds >= seconds) return Promise.resolve(true);
    return new Promise((resolve) => {
      // `filter` keeps what returns true; what is done must go.
      this.#waiting.push({ seconds, done: (yes) => (resolve(yes), false) });
    });
  }

  /** What was heard so far, as a WAV file. */
  clip() {
    return new File([wav(this.#blocks, this.context.sampleRate)], "recording.wav", { type: "audio/wav" });
  }

  async stop() {
    this.#stopped = true;
    this.#waiting.forEach(({ done }) => done(false));
    this.#waiting = [];
    await this.#release();
  }

  async #release() {
    this.stream?.getTracks().forEach((track) => track.stop());
    if (this.context && this.context.state !== "closed") await this.context.close();
  }
}
