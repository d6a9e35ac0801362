// Reads an index with sql.js, which is SQLite for WebAssembly; the layout is that of schema/FORMAT.md.
//
// As a program it lists the tracks, one JSON document a line: node refrain_index.js INDEX
"use strict";
const fs = require("node:fs");
const initSqlJs = require("sql.js");

const LEVELS = [-0.498, -0.315, -0.209, -0.139, -0.092, -0.059, -0.036, -0.019,
  -0.006, 0.005, 0.039, 0.085, 0.149, 0.240, 0.370, 0.565];
const PITCHES = ["A", "A#", "B", "C", "C#", "D", "D#", "E", "F", "F#", "G", "G#"];

/** The rows of a query as objects. */
function* rows(db, sql, values = []) {
  const statement = db.prepare(sql, values);
  try {
    while (statement.step()) yield statement.getAsObject();
  } finally {
    statement.free();
  }
}

/** The database, a copy of the file in memory, and what `meta` holds. */
async function openIndex(path) {
  // The copy knows nothing of what a writer has not brought into the file.
  const log = fs.statSync(`${path}-wal`, { throwIfNoEntry: false });
  if (log && log.size > 0) throw new Error(`${path}: is being written; copy it with \`refrain index export --file\``);
  const db = new (await initSqlJs()).Database(fs.readFileSync(path));
  const number = (name) => [...rows(db, `PRAGMA ${name}`)][0][name];
  if (number("application_id") !== 0x5246524e || ![2, 3, 4, 5].includes(number("user_version"))) {
    throw new Error(`${path}: not a refrain index of format 2 to 5`);
  }
  const meta = Object.fromEntries([...rows(db, "SELECT key, value FROM meta")].map((row) => [row.key, row.value]));
  if (meta.parameter_set !== 1) throw new Error(`${path}: made with parameter set ${meta.parameter_set}, this knows 1`);
  return { db, meta };
}

/** The frames of a track, each an array of 60 values: five octaves of twelve, from A up. */
function* chroma(db, track) {
  const sql = "SELECT data FROM frame_block WHERE id BETWEEN ?1 << 20 AND ?1 << 20 | 0xFFFFF ORDER BY id";
  for (const { data } of rows(db, sql, [track])) {
    for (let at = 0; at < data.length; at += 30) {
      yield Array.from(data.subarray(at, at + 30)).flatMap((byte) => [LEVELS[byte & 15], LEVELS[byte >> 4]]);
    }
  }
}

/** First frame and vector of each window of a `window_block`. */
function* unpackWindows(data, dims) {
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const count = Number(view.getBigUint64(0, true));
  for (let at = 0; at < count; at++) {
    const vector = new Int8Array(data.buffer, data.byteOffset + 16 + 4 * count + at * dims, dims);
    yield { frame: view.getUint32(8 + 4 * at, true), vector };
  }
}

/** Runs `main` with the arguments, and says what goes wrong. */
function run(main) {
  main(...process.argv.slice(2)).catch((error) => {
    console.error(`${process.argv[1]}: ${error.message}`);
    process.exitCode = 1;
  });
}

module.exports = { rows, openIndex, chroma, unpackWindows, run };

if (require.main === module) {
  run(async (index) => {
    const { db } = await openIndex(index);
    const sql = "SELECT id, path, artist, title, duration, windows FROM tracks ORDER BY id";
    for (const track of rows(db, sql)) {
      const frames = [...chroma(db, track.id)];
      // How much of what begins to sound is of each pitch class.
      const classes = new Array(12).fill(0);
      for (const frame of frames) frame.forEach((value, at) => { classes[at % 12] += Math.max(value, 0); });
      const pitch_classes = Object.fromEntries(PITCHES.map((name, at) => [name, Number(classes[at].toFixed(1))]));
      console.log(JSON.stringify({ ...track, frames: frames.length, pitch_classes }));
    }
  });
}
