// A clip that is picked, dropped or heard, and its answer.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { browser, clips, library, openPage, serve } from "./with_server.mjs";

let shelf, server, chrome, context;
before(async () => {
  shelf = library();
  server = await serve(shelf.db);
  chrome = await browser();
  context = await chrome.newContext();
});
after(async () => {
  await chrome?.close();
  await server?.stop();
  shelf?.remove();
});

async function pick(page, file) {
  await page.locator('input[type="file"]').setInputFiles(join(clips, file));
}

test("a clip that is picked shows its track", async () => {
  const { page, problems } = await openPage(context, server.address);
  await pick(page, "clean.wav");
  await page.getByRole("link", { name: "Second Orbit" }).first().waitFor();
  assert.match(await page.locator(".match").first().innerText(), /Kestrel Array/);
  assert.match(await page.locator(".match").first().innerText(), /0:12\.\d – 0:20\.\d/);
  assert.deepEqual(problems, []);
  await page.close();
});

test("a clip that is dropped shows its track", async () => {
  const { page, problems } = await openPage(context, server.address);
  const bytes = [...readFileSync(join(clips, "noisy.mp3"))];
  const transfer = await page.evaluateHandle((bytes) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([new Uint8Array(bytes)], "noisy.mp3", { type: "audio/mpeg" }));
    return transfer;
  }, bytes);
  await page.dispatchEvent(".drop", "drop", { dataTransfer: transfer });
  await page.locator(".match h3").first().waitFor();
  assert.deepEqual(problems, []);
  await page.close();
});

test("a stranger matches nothing, and a file that is no audio says so", async () => {
  const { page, problems } = await openPage(context, server.address);
  await pick(page, "stranger.ogg");
  await page.getByRole("heading", { name: "No match" }).waitFor();
  await page.locator('input[type="file"]').setInputFiles({ name: "letter.txt", mimeType: "text/plain", buffer: Buffer.from("Dear Sir") });
  const said = await page.getByRole("alert").innerText();
  assert.doesNotMatch(said, /panicked|stack|\/tmp\//i);
  assert.deepEqual(problems.filter((problem) => !/status of 4\d\d/.test(problem)), []);
  await page.close();
});

test("the picture says why", async () => {
  const { page, problems } = await openPage(context, server.address);
  await pick(page, "clean.wav");
  await page.getByText("Why?").first().click();
  const picture = page.locator("img.picture");
  await picture.waitFor();
  assert.match(await picture.getAttribute("alt"), /^Why: match/);
  assert.ok(await picture.evaluate((image) => image.decode().then(() => image.naturalWidth > 300)));
  assert.deepEqual(problems, []);
  await page.close();
});

test("the track is heard at the place of the match", async () => {
  const { page, problems } = await openPage(context, server.address);
  await pick(page, "clean.wav");
  await page.getByRole("button", { name: "Play the track here" }).first().click();
  // What comes out of the player is recorded from the click on, and refrain says which part of the track it is.
  const bytes = await page.evaluate(async () => {
    const [{ wav }, { player }] = [await import("/assets/wav.js"), await import("/assets/player.js")];
    const context = new AudioContext();
    await context.audioWorklet.addModule("/assets/recorder.js");
    const node = new AudioWorkletNode(context, "recorder");
    const blocks = [];
    node.port.onmessage = ({ data }) => blocks.push(data);
    context.createMediaElementSource(player.heard()).connect(node).connect(context.destination);
    while (blocks.length < 70) await new Promise((done) => setTimeout(done, 50));
    return [...new Uint8Array(wav(blocks, context.sampleRate))];
  });
  const answer = await page.request.post(`${server.address}/api/v1/query`, { data: Buffer.from(bytes) });
  const [match] = (await answer.json()).matches;
  const place = (await page.locator(".match").first().innerText()).match(/In the track\s+0:(\d+\.\d)/)[1];
  const began = match.ref_start - match.query_start;
  assert.ok(Math.abs(began - Number(place)) < 0.3, `the match is at ${place} s, the sound begins at ${began} s`);
  assert.deepEqual(problems, []);
  await page.close();
});

test("clip and track are heard by turns", async () => {
  const { page, problems } = await openPage(context, server.address);
  await pick(page, "clean.wav");
  await page.getByRole("button", { name: "Compare clip and track" }).first().click();
  const bar = page.getByRole("region", { name: "Player" });
  await page.waitForFunction(() => document.querySelector(".player .toggle").textContent === "Pause");
  await bar.getByRole("button", { name: "Track", exact: true }).click();
  await page.waitForFunction(() => /^0:1[2-5] /.test(document.querySelector(".player .clock").textContent));
  assert.equal(await bar.getByRole("button", { name: "Track", exact: true }).getAttribute("aria-pressed"), "true");
  await bar.getByRole("button", { name: "Close the player" }).click();
  assert.ok(await bar.isHidden());
  assert.deepEqual(problems, []);
  await page.close();
});

test("the microphone finds the track within five seconds of sound", async () => {
  const heard = await browser(
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    `--use-file-for-fake-audio-capture=${join(clips, "clean.wav")}`,
  );
  const { page, problems } = await openPage(await heard.newContext({ permissions: ["microphone"] }), server.address);
  // How many seconds of sound each question has.
  await page.evaluate(() => {
    const ask = window.fetch;
    window.seconds = [];
    window.fetch = async (address, options) => {
      if (String(address).includes("/query")) {
        const rate = new DataView(await options.body.slice(0, 44).arrayBuffer()).getUint32(24, true);
        window.seconds.push((options.body.size - 44) / 2 / rate);
      }
      return ask(address, options);
    };
  });
  await page.getByRole("button", { name: "Listen with the microphone" }).click();
  await page.locator(".match h3").first().waitFor();
  assert.match(await page.locator(".match h3").first().innerText(), /Second Orbit/);
  const seconds = await page.evaluate(() => window.seconds.at(-1));
  assert.ok(seconds <= 5.2, `${seconds} s were needed`);
  assert.deepEqual(problems, []);
  await heard.close();
});
