// Who can use the page: by keyboard, with a screen reader, on a phone; and who cannot: other sites.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { browser, clips, library, openPage, serve, songs } from "./with_server.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const { SHOTS } = process.env;

let shelf, server, chrome;
before(async () => {
  shelf = library();
  server = await serve(shelf.db);
  chrome = await browser();
});
after(async () => {
  await chrome?.close();
  await server?.stop();
  shelf?.remove();
});

/** Each page with something on it. */
const pages = {
  find: async (page) => {
    await page.goto(`${server.address}/#/find`);
    await page.locator('input[type="file"]').setInputFiles(join(clips, "clean.wav"));
    await page.locator(".match h3").first().waitFor();
    await page.getByText("Why?").first().click();
    await page.locator("img.picture").waitFor();
  },
  timeline: async (page) => {
    await page.goto(`${server.address}/#/timeline`);
    await page.locator('input[type="file"]').setInputFiles(join(songs, "paper-lanterns.mp3"));
    await page.locator(".bar").waitFor();
  },
  library: async (page) => {
    await page.goto(`${server.address}/#/library`);
    await page.locator("table.tracks").waitFor();
  },
  track: async (page) => {
    await page.goto(`${server.address}/#/library/second`);
    await page.getByRole("link", { name: "Second Orbit" }).first().click();
    await page.getByRole("heading", { name: "Files" }).waitFor();
    await page.locator("section.similar li").first().waitFor();
    await page.getByRole("button", { name: "Play", exact: true }).click();
  },
  duplicates: async (page) => {
    await page.goto(`${server.address}/#/duplicates`);
    await page.locator(".group").first().waitFor();
  },
  builds: async (page) => {
    await page.goto(`${server.address}/#/builds`);
    await page.getByRole("heading", { name: "Folders" }).waitFor();
  },
};

const views = {
  light: { colorScheme: "light", viewport: { width: 1100, height: 800 } },
  dark: { colorScheme: "dark", viewport: { width: 1100, height: 800 } },
  phone: { colorScheme: "light", viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true },
};

for (const [view, settings] of Object.entries(views)) {
  for (const [name, visit] of Object.entries(pages)) {
    test(`axe finds no serious fault: ${name}, ${view}`, async () => {
      // The policy of the page forbids scripts from elsewhere, axe's too.
      const context = await chrome.newContext({ ...settings, bypassCSP: true });
      const { page } = await openPage(context, server.address);
      await visit(page);
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => window.axe.run());
      const grave = violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
      assert.deepEqual(grave.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`), []);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wide <= 0, `${wide} pixels do not fit`);
      if (SHOTS) {
        mkdirSync(SHOTS, { recursive: true });
        await page.screenshot({ path: join(SHOTS, `${name}-${view}.png`) });
      }
      await context.close();
    });
  }
}

test("the keyboard alone finds a track and plays it", async () => {
  const { page, problems } = await openPage(await chrome.newContext(), server.address);
  const focused = () => page.evaluate(() => document.activeElement.textContent || document.activeElement.type);
  const tabTo = async (words) => {
    for (let i = 0; i < 40; i++) {
      await page.keyboard.press("Tab");
      if ((await focused()).includes(words)) return;
    }
    assert.fail(`Tab never reaches ${words}`);
  };
  await tabTo("Skip to the content");
  await page.keyboard.press("Enter");
  const chooser = page.waitForEvent("filechooser");
  await tabTo("file");
  await page.keyboard.press("Enter");
  await (await chooser).setFiles(join(clips, "clean.wav"));
  await page.locator(".match h3").first().waitFor();
  await tabTo("Play the track here");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector(".player .toggle")?.textContent === "Pause");
  assert.deepEqual(problems, []);
  await page.close();
});

test("the page has no address outside of its own server, and no inline code", async () => {
  const context = await chrome.newContext();
  const page = await context.newPage();
  const asked = [];
  page.on("request", (request) => asked.push(request.url()));
  await page.goto(server.address);
  await page.locator("h1").waitFor();
  assert.deepEqual(asked.filter((url) => !url.startsWith(server.address)), []);
  const html = await page.request.get(server.address).then((answer) => answer.text());
  assert.doesNotMatch(html, /<script(?![^>]*src=)|style=|onclick=/);
  await context.close();
});

test("another name for this machine gets nothing", async () => {
  const other = await browser("--host-resolver-rules=MAP evil.test 127.0.0.1");
  const page = await (await other.newContext()).newPage();
  const port = new URL(server.address).port;
  const answer = await page.goto(`http://evil.test:${port}/api/v1/tracks`);
  assert.equal(answer.status(), 403);
  assert.doesNotMatch(await answer.text(), /Second Orbit/);
  await other.close();
});

test("another site can neither read nor write", async () => {
  const site = createServer((_, answer) => answer.setHeader("Content-Type", "text/html").end("<p>another site</p>"));
  await new Promise((ready) => site.listen(0, "127.0.0.1", ready));
  const context = await chrome.newContext();
  const page = await context.newPage();
  await page.goto(`http://localhost:${site.address().port}/`);
  const outcome = await page.evaluate(async (address) => {
    const tries = {
      read: () => fetch(`${address}/api/v1/tracks`).then((answer) => answer.text()),
      blind: () => fetch(`${address}/api/v1/builds`, { method: "POST", mode: "no-cors", body: "{}" }).then((answer) => answer.type),
      remove: () => fetch(`${address}/api/v1/tracks/1`, { method: "DELETE" }).then((answer) => answer.text()),
    };
    const said = {};
    for (const [name, attempt] of Object.entries(tries)) said[name] = await attempt().catch((error) => error.name);
    return said;
  }, server.address);
  assert.deepEqual(outcome, { read: "TypeError", blind: "TypeError", remove: "TypeError" });
  const builds = await page.request.get(`${server.address}/api/v1/builds`).then((answer) => answer.json());
  assert.deepEqual(builds.builds, []);
  const left = await page.request.get(`${server.address}/api/v1/tracks/1`);
  assert.equal(left.status(), 200);
  await context.close();
  site.close();
});
