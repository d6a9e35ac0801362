// How numbers and names are written.

/** Seconds as 1:02:03 or 2:03, with tenths on request. */
export function time(seconds, tenths = false) {
  const places = tenths ? 1 : 0;
  const whole = Number(Math.max(0, seconds).toFixed(places));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const rest = (whole % 60).toFixed(places).padStart(places ? 4 : 2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** From one time to another. */
export function range(start, end, tenths = false) {
  return `${time(start, tenths)} – ${time(end, tenths)}`;
}

/** Bytes as 3.2 MB. */
export function size(bytes) {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let unit = 0;
  for (; bytes >= 1000 && unit < units.length - 1; unit++) bytes /= 1000;
  return `${unit && bytes < 100 ? bytes.toFixed(1) : Math.round(bytes)} ${units[unit]}`;
}

/** How sure an answer is, as a percentage that never rounds up to certainty. */
export function sure(score) {
  return score >= 0.995 ? "over 99 %" : `${Math.floor(score * 100)} %`;
}

/** "1 file", "2 files". */
export function count(number, one, many = `${one}s`) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

/** The last part of a path. */
export function fileName(path) {
  return path.split(/[\\/]/).pop() || path;
}

/** What to call a track: its title, or the name of its file. */
export function title(track) {
  return track.title || fileName(track.path);
}

/** The artists of a track, or nothing. */
export function artists(track) {
  return [track.artist, ...(track.other_artists ?? [])].filter(Boolean).join(", ");
}

/** "Artist – Title", or the name of the file. */
export function fullName(track) {
  return [artists(track), title(track)].filter(Boolean).join(" – ");
}

/** How another version differs from this track in key and tempo, in words. Its numbers say how this track differs from it. */
export function difference({ transposition, tempo }) {
  const semitones = Math.abs(transposition);
  // A key has no octave, so 6 semitones up are 6 semitones down.
  const way = semitones === 6 ? "higher or lower" : transposition < 0 ? "higher" : "lower";
  const percent = Math.round((1 / tempo - 1) * 100);
  return [
    semitones === 0 ? "same key" : `${count(semitones, "semitone")} ${way}`,
    percent === 0 ? "same tempo" : `${Math.abs(percent)} % ${percent > 0 ? "faster" : "slower"}`,
  ].join(", ");
}

/** How a clip differs from the track in speed and pitch, in words; empty if it does not. */
export function change({ tempo, pitch }) {
  const words = [];
  if (tempo !== 1) words.push(`${Math.abs((tempo - 1) * 100).toFixed(1)} % ${tempo > 1 ? "faster" : "slower"}`);
  if (pitch !== 0) words.push(`${Math.abs(pitch).toFixed(2)} semitones ${pitch > 0 ? "higher" : "lower"}`);
  return words.join(", ");
}
