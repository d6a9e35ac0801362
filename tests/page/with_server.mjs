// A library of the project's songs, a server on it, and a browser.
import { spawn, execFileSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const { ROOT, REFRAIN, CHROMIUM } = process.env;

export const songs = join(ROOT, "fixtures/audio/songs");
export const clips = join(ROOT, "fixtures/audio/clips");

/** A folder with the songs, one of them twice, and an index of them. Songs in `without` are missing; `more` has other files. */
export function library({ without = [], more = {} } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "refrain-page-"));
  const music = join(folder, "music");
  mkdirSync(music);
  cpSync(songs, music, { recursive: true });
  cpSync(join(music, "second-orbit.flac"), join(music, "second-orbit again.flac"));
  for (const name of without) rmSync(join(music, name));
  for (const [name, content] of Object.entries(more)) writeFileSync(join(music, name), content);
  const db = join(folder, "library.refrain");
  execFileSync(REFRAIN, ["index", "build", "-q", music, "--db", db]);
  return { folder, music, db, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** A server on an index, at a free port. */
export async function serve(db, ...more) {
  const server = spawn(REFRAIN, ["serve", "--db", db, "--port", "0", ...more], { stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface({ input: server.stdout });
  const [line] = await Promise.race([
    once(lines, "line"),
    once(server, "exit").then(() => Promise.reject(new Error("the server ended at once"))),
  ]);
  const address = line.match(/http:\/\/\S+/)[0].replace(/\/$/, "");
  return {
    address,
    stop: async () => {
      server.kill("SIGTERM");
      const [code] = server.exitCode === null ? await once(server, "exit") : [server.exitCode];
      return code;
    },
  };
}

/** A browser without a window. `flags` are Chromium's own. */
export function browser(...flags) {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: ["--autoplay-policy=no-user-gesture-required", "--disable-component-update", ...(process.getuid() === 0 ? ["--no-sandbox"] : []), ...flags],
  });
}

/** A new page, and what went wrong in it: exceptions, refused scripts and styles, failed loads. */
export async function openPage(context, address) {
  const page = await context.newPage();
  const problems = [];
  page.on("pageerror", (error) => problems.push(`exception: ${error.message}`));
  page.on("console", (message) => {
    // A track without a cover is no problem, and the browser writes that one down by itself.
    const noCover = message.location().url.endsWith("/cover");
    if (message.type() === "error" && !noCover) problems.push(message.text());
  });
  await page.goto(address);
  return { page, problems };
}
