//! Writes what refrain decodes: `decode_frames FILE OUT` writes all channels of FILE to OUT, frame after frame, as
//! little-endian floats. It prints a line "RATE CHANNELS FRAMES" for each stretch of audio of one form, and the warnings.
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use refrain::decode::Decoder;

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().collect();
    let [_, file, out] = &args[..] else { anyhow::bail!("usage: decode_frames FILE OUT") };
    let mut decoder = Decoder::open(Path::new(file))?.with_all_channels();
    let mut out = BufWriter::new(File::create(out)?);
    let (mut samples, mut stretches) = (Vec::new(), Vec::<((u32, u16), usize)>::new());
    while decoder.next_block(&mut samples)?.is_some() {
        let form = decoder.form().map_or((0, 1), |(rate, channels)| (rate.0, channels));
        let frames = samples.len() / usize::from(form.1);
        match stretches.last_mut() {
            Some((last, sum)) if *last == form => *sum += frames,
            _ => stretches.push((form, frames)),
        }
        for sample in &samples {
            out.write_all(&sample.to_le_bytes())?;
        }
    }
    out.flush()?;
    for ((rate, channels), frames) in stretches {
        println!("{rate} {channels} {frames}");
    }
    for warning in decoder.warnings() {
        eprintln!("{warning}");
    }
    Ok(())
}
