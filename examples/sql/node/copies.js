// Finds tracks that hold the same recording, as pairs, one JSON document a line: node copies.js INDEX
"use strict";
const { rows, openIndex, chroma, unpackWindows, run } = require("./refrain_index.js");

const KEY_BITS = 16;
const LEAST_LIKENESS = 0.6;
// Pairs of tracks, and by how many frames the windows that they share are apart. A key of very many windows tells nothing.
const SHARED = `
  SELECT one.track AS one, other.track AS other, one.frame - other.frame AS apart, count(*) AS windows
  FROM sound AS one JOIN sound AS other ON other.key = one.key AND other.track > one.track
  WHERE one.key IN (SELECT key FROM sound GROUP BY key HAVING count(*) <= 64)
  GROUP BY one.track, other.track, apart HAVING windows >= 3 ORDER BY windows, apart`;

/** Pairs of tracks that share windows, with by how many frames most of these are apart. */
function candidates(db, dims) {
  db.run("CREATE TEMP TABLE sound (key, track, frame, PRIMARY KEY (key, track, frame)) WITHOUT ROWID");
  const insert = db.prepare("INSERT INTO sound VALUES (?, ?, ?)");
  for (const { track, data } of rows(db, "SELECT id >> 20 AS track, data FROM window_block ORDER BY id")) {
    for (const { frame, vector } of unpackWindows(data, dims)) {
      // The signs of 16 values are a key. Windows that sound alike share some of their six keys.
      for (let part = 0; part < dims; part += KEY_BITS) {
        const signs = vector.subarray(part, part + KEY_BITS).reduce((bits, value, at) => bits | (value > 0) << at, 0);
        insert.run([part << KEY_BITS | signs, track, frame]);
      }
    }
  }
  insert.free();
  // The last row of a pair has most windows.
  const best = new Map();
  for (const { one, other, apart } of rows(db, SHARED)) best.set(`${one} ${other}`, { one, other, apart });
  return [...best.values()].sort((a, b) => a.one - b.one || a.other - b.other);
}

/** The cosine of two tracks' chroma where they overlap, the second `apart` frames later; 0 if that is under 3 s. */
function likeness(one, other, apart) {
  const [from, to] = [Math.max(apart, 0), Math.min(one.length, other.length + apart)];
  let [dot, ones, others] = [0, 0, 0];
  for (let at = from; at < to; at++) {
    const that = other[at - apart];
    one[at].forEach((value, i) => { dot += value * that[i]; ones += value ** 2; others += that[i] ** 2; });
  }
  return to - from < 16 ? 0 : dot / Math.max(Math.sqrt(ones * others), 1e-9);
}

run(async (index) => {
  const { db, meta } = await openIndex(index);
  for (const { one, other, apart } of candidates(db, meta.window_dims)) {
    const [a, b] = [one, other].map((track) => [...chroma(db, track)]);
    // Windows begin at every fourth frame, so the offset is right within two.
    const tried = [-2, -1, 0, 1, 2].map((by) => ({ at: apart + by, like: likeness(a, b, apart + by) }));
    const { at, like } = tried.reduce((best, next) => (next.like >= best.like ? next : best));
    if (like >= LEAST_LIKENESS) {
      const offset = Number((at * meta.frame_seconds).toFixed(2));
      console.log(JSON.stringify({ one, other, offset, likeness: Number(like.toFixed(3)) }));
    }
  }
});
