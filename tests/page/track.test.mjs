// What is like a track: other performances of its piece, and tracks of similar harmony.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browser, library, openPage, serve } from "./with_server.mjs";

/** A melody of `count` notes of `note` seconds, `semitones` higher, as WAV. Its notes fade away within about `fade` seconds. Each
 * `seed` gives another melody. */
function performance(seed, count, semitones, note, fade) {
  const rate = 11025;
  const long = Math.floor(note * rate);
  const wav = Buffer.alloc(44 + 2 * count * long);
  wav.write("RIFF");
  wav.writeUInt32LE(wav.length - 8, 4);
  wav.write("WAVEfmt ", 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(rate, 24);
  wav.writeUInt32LE(2 * rate, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write("data", 36);
  wav.writeUInt32LE(wav.length - 44, 40);
  const scale = [0, 2, 4, 5, 7, 9, 11, 12];
  let state = seed;
  for (let n = 0; n < count; n++) {
    state = (state * 48271) % 2147483647;
    const hertz = 330 * 2 ** ((scale[(state >> 8) % 8] + semitones) / 12);
    for (let k = 0; k < long; k++) {
      const phase = (2 * Math.PI * hertz * k) / rate;
      const loud = 9000 * Math.exp(-k / rate / fade);
      wav.writeInt16LE(Math.trunc(loud * (0.8 * Math.sin(phase) + 0.5 * Math.sin(2 * phase))), 44 + 2 * (n * long + k));
    }
  }
  return wav;
}

let shelf, server, chrome, context;
before(async () => {
  shelf = library({
    more: {
      "melody.wav": performance(7, 64, 0, 0.5, 2),
      "slowly.wav": performance(7, 64, -3, 0.6, 0.2),
      "short.wav": performance(8, 30, 0, 0.5, 1),
    },
  });
  server = await serve(shelf.db);
  chrome = await browser();
  context = await chrome.newContext();
});
after(async () => {
  await chrome?.close();
  await server?.stop();
  shelf?.remove();
});

/** The page of the track in a file, once nothing on it is loading. */
async function open(name) {
  const list = await context.request.get(`${server.address}/api/v1/tracks?q=${name}`).then((answer) => answer.json());
  const opened = await openPage(context, `${server.address}/#/track/${list.tracks[0].id}`);
  await loaded(opened.page);
  return opened;
}

async function loaded(page) {
  await page.locator("section.similar").waitFor();
  await page.waitForFunction(() => !document.querySelector(".waiting"));
}

test("a track shows its other versions and similar tracks", async () => {
  const { page, problems } = await open("melody.wav");
  await page.getByRole("heading", { name: "Other versions" }).waitFor();
  await page.getByRole("heading", { name: "Similar tracks" }).waitFor();
  const versions = page.locator("section.versions li");
  assert.equal(await versions.count(), 1);
  assert.match(await versions.innerText(), /^slowly\.wav: (\d\d|over 99) % sure, 3 semitones lower, 1[5-8] % slower$/);
  const similar = page.locator("section.similar li");
  assert.equal(await similar.count(), 10);
  assert.match(await similar.first().innerText(), /^slowly\.wav: similarity 0\.\d\d$/);
  await versions.getByRole("link").click();
  await page.getByRole("heading", { level: 1, name: "slowly.wav" }).waitFor();
  await loaded(page);
  assert.match(await versions.innerText(), /^melody\.wav: (\d\d|over 99) % sure, 3 semitones higher, (1[7-9]|2[0-3]) % faster$/);
  assert.deepEqual(problems, []);
  await page.close();
});

test("a track without other versions says so, and one that is too short says why", async () => {
  const { page, problems } = await open("second-orbit.flac");
  assert.match(await page.locator("section.versions").innerText(), /No other version is in the library\.$/);
  assert.deepEqual(problems, []);
  await page.close();
  const short = await open("short.wav");
  for (const name of ["versions", "similar"]) {
    assert.match(await short.page.locator(`section.${name} .note`).innerText(), /too short: .* at least 20000 ms are needed/);
  }
  assert.deepEqual(short.problems.filter((problem) => !/status of 422/.test(problem)), []);
  await short.page.close();
});

test("a page that is left asks no more", async () => {
  const { page, problems } = await open("melody.wav");
  // The first answer never comes, so the second is never asked for.
  const asked = [];
  await page.route(/\/(versions|similar)$/, (route) => asked.push(route.request().url()));
  const left = page.waitForEvent("requestfailed");
  await page.locator("section.versions").getByRole("link").click();
  await page.getByRole("heading", { level: 1, name: "slowly.wav" }).waitFor();
  await page.locator("section.versions .waiting").waitFor();
  await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Library" }).click();
  assert.match((await left).url(), /\/versions$/);
  await page.locator("table.tracks").waitFor();
  assert.equal(asked.length, 1);
  assert.deepEqual(problems, []);
  await page.close();
});
