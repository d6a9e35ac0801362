//! Vorbis I to samples (the Vorbis I specification of xiph.org), at the full rate or at a fraction of it.
//!
//! The analysis ends at 3.5 kHz, and at 5.2 kHz for a query that may be transposed. For these it is enough to decode the lower quarter of the spectrum of
//! 44,100 Hz at 11,025 Hz: refrain skips the codewords above, floors end there, and the transform has a quarter of the length.
//!
//! Floors of type 0, which only encoders of before 2001 wrote, are declined.
mod bits;
mod book;
mod channels;
mod decoder;
mod floor;
mod mapping;
mod numbers;
mod prefixes;
mod residue;
mod setup;
mod slopes;
mod vectors;

pub(super) use self::decoder::Decoder;

/// The packets of a small file, each of which begins on a page of the same stream.
#[cfg(test)]
pub(super) fn packets_of_fixture(name: &str) -> Vec<Vec<u8>> {
    let file = std::fs::read(format!("{}/fixtures/formats/{name}", env!("CARGO_MANIFEST_DIR")))
        .expect("the fixture");
    let (mut rest, mut packets, mut packet) = (&file[..], Vec::new(), Vec::new());
    while let Some((lengths, mut body)) =
        rest.get(27..).and_then(|page| page.split_at_checked(usize::from(rest[26])))
    {
        for &length in lengths {
            let (part, after) = body.split_at(usize::from(length));
            packet.extend_from_slice(part);
            body = after;
            if length < 255 {
                packets.push(std::mem::take(&mut packet));
            }
        }
        rest = body;
    }
    packets
}
