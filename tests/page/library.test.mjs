// The library, a track, duplicates and builds.
import assert from "node:assert/strict";
import { cpSync, existsSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { browser, library, openPage, serve, songs } from "./with_server.mjs";

let shelf, server, chrome, context;
before(async () => {
  shelf = library({ without: ["winter-ferry.m4a"] });
  server = await serve(shelf.db);
  chrome = await browser();
  context = await chrome.newContext();
});
after(async () => {
  await chrome?.close();
  await server?.stop();
  shelf?.remove();
});

test("a search finds tracks by artist, and the address keeps it", async () => {
  const { page, problems } = await openPage(context, `${server.address}/#/library`);
  await page.locator("table.tracks tbody tr").first().waitFor();
  await page.getByRole("searchbox").fill("kestrel");
  await page.waitForFunction(() => document.querySelectorAll("table.tracks tbody tr").length < 5);
  assert.match(await page.locator("table.tracks").innerText(), /Second Orbit/);
  await page.getByRole("link", { name: "Second Orbit" }).first().click();
  await page.getByRole("heading", { level: 1, name: "Second Orbit" }).waitFor();
  await page.goBack();
  await page.waitForFunction(() => document.querySelector("#search")?.value === "kestrel");
  assert.deepEqual(problems, []);
  await page.close();
});

test("a track has its files, and it plays", async () => {
  const { page, problems } = await openPage(context, `${server.address}/#/library/second`);
  await page.getByRole("link", { name: "Second Orbit" }).first().click();
  await page.getByRole("heading", { name: "Files" }).waitFor();
  assert.match(await page.locator(".files").first().innerText(), /second-orbit again\.flac/);
  await page.getByRole("button", { name: "Play", exact: true }).click();
  await page.waitForFunction(() => /^0:0[1-9]/.test(document.querySelector(".player .clock")?.textContent));
  assert.deepEqual(problems, []);
  await page.close();
});

test("every format of the songs plays", async () => {
  const { page, problems } = await openPage(context, server.address);
  const list = await page.request.get(`${server.address}/api/v1/tracks?limit=50`).then((answer) => answer.json());
  for (const track of list.tracks) {
    const reached = await page.evaluate(async (track) => {
      const { player } = await import("/assets/player.js");
      player.track(track, 10);
      for (let i = 0; i < 200; i++) {
        if (!player.heard().paused && player.heard().currentTime > 10.2) return player.heard().currentTime;
        await new Promise((done) => setTimeout(done, 50));
      }
      return player.heard().currentTime;
    }, track);
    assert.ok(reached > 10.1 && reached < 21, `${track.path}: ${reached}`);
  }
  assert.deepEqual(problems.filter((problem) => !/media|status of/i.test(problem)), []);
  await page.close();
});

test("duplicates are shown with the file to keep", async () => {
  const { page, problems } = await openPage(context, `${server.address}/#/duplicates`);
  await page.locator(".group").first().waitFor();
  const text = await page.locator(".group").first().innerText();
  assert.match(text, /second-orbit again\.flac/);
  assert.match(text, /Keep/);
  assert.match(text, /Spare/);
  assert.deepEqual(problems, []);
  await page.close();
});

test("a build shows its progress and what it added", async () => {
  const { page, problems } = await openPage(context, `${server.address}/#/builds`);
  cpSync(join(songs, "winter-ferry.m4a"), join(shelf.music, "winter-ferry.m4a"));
  await page.getByRole("button", { name: "Look for new and changed files" }).click();
  await page.locator(".count", { hasText: "Done. 1 track added." }).waitFor();
  assert.deepEqual(problems, []);
  await page.close();
});

test("a track that is removed keeps its file", async () => {
  const { page, problems } = await openPage(context, `${server.address}/#/library/harbour`);
  await page.getByRole("link", { name: /Harbour/ }).first().click();
  await page.getByRole("button", { name: "Remove from the index" }).click();
  await page.getByRole("button", { name: "Yes, remove it" }).click();
  await page.getByRole("heading", { name: "Library" }).waitFor();
  const left = await page.request.get(`${server.address}/api/v1/tracks?q=harbour`).then((answer) => answer.json());
  assert.equal(left.total, 0);
  assert.ok(existsSync(join(shelf.music, "harbour-lights.ogg")));
  assert.deepEqual(problems, []);
  await page.close();
});

test("a timeline names the songs and draws the recording", async () => {
  const { page, problems } = await openPage(context, `${server.address}/#/timeline`);
  await page.locator('input[type="file"]').setInputFiles(join(songs, "paper-lanterns.mp3"));
  await page.locator(".bar .song").first().waitFor();
  assert.match(await page.locator(".plays").innerText(), /Paper Lanterns/);
  await page.locator(".bar .song").first().click();
  await page.waitForFunction(() => document.querySelector(".player .toggle")?.textContent === "Pause");
  assert.deepEqual(problems, []);
  await page.close();
});
