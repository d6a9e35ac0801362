//! Reads an index with SQLite alone, as `schema/FORMAT.md` describes it, without refrain's library: `cargo run
//! --example read_with_sql -- music.refrain`
use std::{collections::HashMap, error::Error};

use rusqlite::{Connection, OpenFlags};

/// The sixteen levels of parameter set 1 (`schema/FORMAT.md`, frame_block).
const LEVELS: [f32; 16] = [
    -0.498, -0.315, -0.209, -0.139, -0.092, -0.059, -0.036, -0.019, -0.006, 0.005, 0.039, 0.085, 0.149,
    0.240, 0.370, 0.565,
];

const PITCHES: [&str; 12] = ["A", "A#", "B", "C", "C#", "D", "D#", "E", "F", "F#", "G", "G#"];

fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args_os().nth(1).ok_or("usage: read_with_sql INDEX")?;
    let db = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let meta: HashMap<String, f64> = db
        .prepare("SELECT key, value FROM meta")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let number = |key: &str| meta.get(key).copied().ok_or(format!("meta has no {key}"));
    if number("parameter_set")? != 1.0 {
        return Err("this example knows parameter set 1 only".into());
    }

    let mut tracks = db.prepare("SELECT id, path, title, duration, windows FROM tracks ORDER BY id")?;
    let mut rows = tracks.query([])?;
    while let Some(row) = rows.next()? {
        let (id, path): (i64, String) = (row.get(0)?, row.get(1)?);
        let title: Option<String> = row.get(2)?;
        let (duration, windows): (f64, i64) = (row.get(3)?, row.get(4)?);
        println!("track {id}: {path} ({title:?}), {duration:.1} s, {windows} windows");
    }

    // Chroma: two values a byte, the first in the low four bits. Prints the frame with the largest values of the
    // block.
    let sql = "SELECT track_id, start_frame, data FROM frame_blocks ORDER BY track_id, block LIMIT 1";
    let (track, start, data): (i64, i64, Vec<u8>) =
        db.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let frames = data.chunks_exact(number("frame_bytes")? as usize);
    let frames: Vec<Vec<f32>> = frames
        .map(|frame| frame.iter().flat_map(|b| [b & 15, b >> 4]).map(|c| LEVELS[usize::from(c)]).collect())
        .collect();
    let strength = |frame: &[f32]| frame.iter().map(|v| v * v).sum::<f32>();
    let strongest = (0..frames.len())
        .max_by(|&a, &b| strength(&frames[a]).total_cmp(&strength(&frames[b])))
        .ok_or("an empty block")?;
    let at = start + strongest as i64;
    println!("\nchroma of track {track}, frame {at}, {:.2} s:", at as f64 * number("frame_seconds")?);
    for (octave, values) in frames[strongest].chunks_exact(12).enumerate() {
        let values: Vec<String> = values.iter().zip(PITCHES).map(|(v, p)| format!("{p} {v:+.2}")).collect();
        println!("  octave {octave}: {}", values.join("  "));
    }

    // Windows: n, n first frames (u32), n * D, and n vectors of D values (i8), all little-endian.
    let dims = number("window_dims")? as usize;
    let sql = "SELECT track_id, data FROM window_blocks ORDER BY track_id, block LIMIT 1";
    let (track, data): (i64, Vec<u8>) = db.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let short = || "a window block is too short";
    let (n, rest) = data.split_first_chunk::<8>().ok_or_else(short)?;
    let n = u64::from_le_bytes(*n) as usize;
    let (positions, rest) = rest.split_at_checked(4 * n).ok_or_else(short)?;
    let (_, vectors) = rest.split_first_chunk::<8>().ok_or_else(short)?;
    println!("\n{n} windows of track {track}, D = {dims}; the first three:");
    let positions = positions.as_chunks::<4>().0;
    for (position, vector) in positions.iter().zip(vectors.chunks_exact(dims)).take(3) {
        let frame = u32::from_le_bytes(*position);
        let head: Vec<i8> = vector[..8.min(dims)].iter().map(|&v| v as i8).collect();
        println!("  {:.2} s: {head:?}…", f64::from(frame) * number("frame_seconds")?);
    }
    Ok(())
}
