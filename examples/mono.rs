//! Decodes a file to raw mono samples: `cargo run --example mono -- song.mp3 > song.f32` writes little-endian `f32` at the
//! file's own rate, and what is known about the file to standard error.
use std::io::Write;
use std::path::Path;

use refrain::decode::Decoder;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args_os().nth(1).ok_or("usage: mono FILE")?;
    let mut decoder = Decoder::open(Path::new(&path))?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let (mut mono, mut total, mut rate) = (Vec::new(), 0, None);
    while let Some(block_rate) = decoder.next_block(&mut mono)? {
        for sample in &mono {
            out.write_all(&sample.to_le_bytes())?;
        }
        total += mono.len();
        rate = Some(block_rate);
    }
    out.flush()?;
    eprintln!("{total} samples at {rate:?}; {:?}", decoder.tags());
    for warning in decoder.warnings() {
        eprintln!("{warning}");
    }
    Ok(())
}
