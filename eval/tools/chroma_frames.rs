//! Writes octave chroma of files, for notebooks and for training. `chroma_frames OUT_DIR half|full FILE…` writes
//! OUT_DIR/N.f32 for the N-th file: little-endian floats, 60 a frame, one frame every half or full hop.
//! `half-in-full` and `full-in-full` decode in full what the index decodes in part.
use std::path::Path;

use rayon::prelude::*;
use refrain::{CancelToken, decode::Decoder, extract::chunks::chunks, params::CURRENT};

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().collect();
    let [_, out, rate, files @ ..] = &args[..] else {
        anyhow::bail!("usage: chroma_frames OUT_DIR half|full[-in-full] FILE…")
    };
    let listed: Vec<String> = match files {
        [list] if list.starts_with('@') => {
            std::fs::read_to_string(&list[1..])?.lines().map(Into::into).collect()
        }
        files => files.to_vec(),
    };
    std::fs::create_dir_all(out)?;
    let in_full = rate.ends_with("-in-full");
    let step = if rate.starts_with("half") { 1 } else { 2 };
    let row = CURRENT.frame_values();
    listed.par_iter().enumerate().try_for_each(|(n, file)| -> anyhow::Result<()> {
        let cancel = CancelToken::new();
        let mut bytes = Vec::new();
        let decoder = Decoder::open(Path::new(file))?;
        let mut decoder = if in_full { decoder } else { decoder.for_fingerprint() };
        chunks(&mut decoder, &CURRENT, usize::MAX / row, &cancel, |chunk| {
            for frame in chunk.chroma.chunks_exact(row).step_by(step) {
                bytes.extend(frame.iter().flat_map(|v| v.to_le_bytes()));
            }
            Ok(())
        })?;
        Ok(std::fs::write(Path::new(out).join(format!("{n}.f32")), bytes)?)
    })
}
