// Finds the tracks that share most with one track, by the neighbour index: node nearest.js INDEX TRACK
//
// Prints one JSON document a track, the likest first. Where an index has no neighbour index all windows are compared.
"use strict";
const { rows, openIndex, unpackWindows, run } = require("./refrain_index.js");

const EVERY = 4; // one window of the track in so many is looked up
const LISTS = 8; // lists that are read for each
const LEAST_COSINE = 0.8; // of the vectors, which are 254 long

const dot = (one, other) => one.reduce((sum, value, at) => sum + value * other[at], 0);

/** Track, first frame and vector of the windows of the tracks from `low` to `high`. */
function* blocks(db, low, high, dims) {
  const sql = "SELECT id >> 20 AS track, data FROM window_block WHERE id >= ? << 20 AND id < (? + 1) << 20";
  for (const { track, data } of rows(db, sql, [low, high])) {
    for (const window of unpackWindows(data, dims)) yield { track, ...window };
  }
}

/** Track, first frame and vector of the windows in the list of a centroid. */
function* posting(db, centroid, dims) {
  for (const { data } of rows(db, "SELECT data FROM posting WHERE id >= ?1 << 20 AND id < (?1 + 1) << 20", [centroid])) {
    const view = new DataView(data.buffer, data.byteOffset, data.length);
    const count = Number(view.getBigUint64(0, true));
    for (let at = 0; at < count; at++) {
      const [track, frame] = [view.getUint32(8 + 4 * at, true), view.getUint32(16 + 4 * (count + at), true)];
      yield { track, frame, vector: new Int8Array(data.buffer, data.byteOffset + 24 + 8 * count + at * dims, dims) };
    }
  }
}

run(async (index, name) => {
  const { db, meta } = await openIndex(index);
  const [dims, track] = [meta.window_dims, Number(name)];
  if (!Number.isInteger(track)) throw new Error("usage: nearest.js INDEX TRACK");
  const queries = [...blocks(db, track, track, dims)].filter((_, at) => at % EVERY === 0);
  const [lists] = rows(db, "SELECT last_track FROM neighbour_index WHERE parameter_set = ?", [meta.parameter_set]);
  const work = []; // windows, and the queries that they are compared with
  if (lists) {
    const centroids = [];
    for (const { data } of rows(db, "SELECT data FROM centroid_block ORDER BY id")) {
      for (let at = 8; at < data.length; at += dims) centroids.push(new Int8Array(data.buffer, data.byteOffset + at, dims));
    }
    const wanted = new Map();
    for (const query of queries) {
      const near = centroids.map((centroid, id) => ({ id, dot: dot(query.vector, centroid) }));
      for (const { id } of near.sort((a, b) => b.dot - a.dot || a.id - b.id).slice(0, LISTS)) {
        wanted.set(id, [...(wanted.get(id) ?? []), query]);
      }
    }
    for (const [id, asked] of wanted) work.push([posting(db, id, dims), asked]);
  }
  // Later tracks, or all, are in no list.
  work.push([blocks(db, lists ? lists.last_track + 1 : 0, 0xffffffff, dims), queries]);
  const gone = new Set([track, ...[...rows(db, "SELECT track FROM removed")].map((row) => row.track)]);
  const votes = new Map();
  for (const [windows, asked] of work) {
    for (const { track: other, frame, vector } of windows) {
      if (gone.has(other)) continue;
      for (const query of asked) {
        if (dot(query.vector, vector) < LEAST_COSINE * 254 ** 2) continue;
        const of = votes.get(other) ?? votes.set(other, new Map()).get(other);
        of.set(query.frame - frame, (of.get(query.frame - frame) ?? 0) + 1);
      }
    }
  }
  const best = [...votes].map(([other, of]) => [other, [...of].sort((a, b) => b[1] - a[1] || b[0] - a[0])[0]]);
  for (const [other, [apart, count]] of best.sort((a, b) => b[1][1] - a[1][1] || a[0] - b[0])) {
    const offset = Number((apart * meta.frame_seconds).toFixed(2));
    console.log(JSON.stringify({ track: other, offset, windows: count, of: queries.length }));
  }
});
