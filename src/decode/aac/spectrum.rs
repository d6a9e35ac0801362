//! The lines of a channel, out of codewords and noise.
use super::bands::Bands;
use super::bits::Bits;
use super::huffman::{BOOKS, Book, ESCAPE, power};
use super::noise::Noise;
use super::side::{Coding, Side};
use super::windows::{LINES, SHORT_LINES};
use crate::decode::damage::Result;

/// Replaces `lines` by those that `bits` describe. Lines of bands that begin at `known` or later within their window are
/// left out; their codewords are passed over.
pub(super) fn read(
    bits: &mut Bits,
    side: &Side,
    bands: &Bands,
    known: usize,
    noise: &mut Noise,
    lines: &mut [f32; LINES],
) -> Result<()> {
    lines.fill(0.0);
    let offsets = side.windows.offsets(bands);
    let books = &*BOOKS;
    for (group, windows) in side.windows.groups() {
        for band in 0..side.windows.bands {
            let (first, end) = (usize::from(offsets[band]), usize::from(offsets[band + 1]));
            let scale = side.scales[group][band];
            match side.codings[group][band] {
                Coding::Zero | Coding::Intensity { .. } => {}
                Coding::Noise if first < known => {
                    for window in windows.clone() {
                        let at = window * SHORT_LINES;
                        noise.fill(&mut lines[at + first..at + end], scale);
                    }
                }
                Coding::Noise => noise.pass((end - first) * windows.len()),
                Coding::Book(number) if first < known => {
                    let book = &books[usize::from(number)];
                    for window in windows.clone() {
                        let at = window * SHORT_LINES;
                        let out = &mut lines[at + first..at + end];
                        match number {
                            10 => escaped(bits, book, scale, out),
                            _ if book.width == 4 => plain::<4>(bits, book, scale, out),
                            _ => plain::<2>(bits, book, scale, out),
                        }
                    }
                    bits.check()?;
                }
                Coding::Book(number) => {
                    let book = &books[usize::from(number)];
                    pass(bits, book, (end - first) / book.width * windows.len());
                    bits.check()?;
                }
            }
        }
    }
    for &(line, amount) in side.pulses.places() {
        raise(side, offsets, line, amount, lines);
    }
    Ok(())
}

/// Reads codewords of `WIDTH` values.
#[inline(always)]
fn plain<const WIDTH: usize>(bits: &mut Bits, book: &Book, scale: f32, out: &mut [f32]) {
    for out in out.chunks_exact_mut(WIDTH) {
        let next = bits.peek();
        let (symbol, length) = book.prefixes.find(next);
        let signs = u32::from(book.signs[symbol]);
        bits.skip(length + signs);
        let values = &book.values[symbol];
        if signs == 0 {
            for (out, value) in out.iter_mut().zip(values) {
                *out = value * scale;
            }
        } else {
            with_signs(next << length, values, scale, out);
        }
    }
}

/// Writes values whose signs are at the top of `signs`, one for each that is not 0.
#[inline(always)]
fn with_signs(mut signs: u64, values: &[f32; 4], scale: f32, out: &mut [f32]) {
    for (out, &value) in out.iter_mut().zip(values) {
        let sign = (signs >> 32) as u32 & 0x8000_0000;
        *out = f32::from_bits((value * scale).to_bits() ^ sign);
        signs <<= u32::from(value != 0.0);
    }
}

/// Reads codewords of two values that may be followed by larger ones.
fn escaped(bits: &mut Bits, book: &Book, scale: f32, out: &mut [f32]) {
    let limit = power(ESCAPE.into());
    for out in out.chunks_exact_mut(2) {
        let next = bits.peek();
        let (symbol, length) = book.prefixes.find(next);
        let signs = u32::from(book.signs[symbol]);
        bits.skip(length + signs);
        let mut values = book.values[symbol];
        for value in &mut values[..2] {
            if *value == limit {
                *value = power(escape(bits));
            }
        }
        with_signs(next << length, &values, scale, out);
    }
}

/// Reads a value of 16 or more: ones, a zero, and four bits more than there are ones.
fn escape(bits: &mut Bits) -> u32 {
    // The longest that the standard allows has eight ones.
    let ones = bits.peek().leading_ones().min(8);
    bits.skip(ones + 1);
    (1 << (ones + 4)) + bits.take(ones + 4)
}

/// Passes over `count` codewords.
fn pass(bits: &mut Bits, book: &Book, count: usize) {
    for _ in 0..count {
        let next = bits.peek();
        let whole = book.whole(next);
        if whole > 0 {
            bits.skip(whole);
            continue;
        }
        let (symbol, length) = book.prefixes.find(next);
        bits.skip(length + u32::from(book.signs[symbol]));
        let values = &book.values[symbol];
        for _ in 0..values.iter().filter(|&&v| v == power(ESCAPE.into())).count() {
            escape(bits);
        }
    }
}

/// Adds `amount` to the magnitude of a line before it is dequantised.
fn raise(side: &Side, offsets: &[u16], line: usize, amount: u32, lines: &mut [f32; LINES]) {
    let band = offsets.partition_point(|&first| usize::from(first) <= line) - 1;
    if band >= side.windows.bands || !matches!(side.codings[0][band], Coding::Book(_)) {
        return;
    }
    let scale = side.scales[0][band];
    let before = (lines[line].abs() / scale).powf(0.75).round() as u32;
    let sign = if lines[line] > 0.0 { scale } else { -scale };
    lines[line] = sign * power(before + amount);
}
