//! Numbers in place of colours, which make a PNG file half as large.
use std::{cmp::Reverse, collections::HashMap};

/// As many colours as a palette has.
const COLOURS: usize = 256;

/// A picture with more colours is a photograph, which would show that colours were merged.
const MOST: usize = 4096;

/// The largest squared distance of two colours that may become one. It is seldom seen in the rims of letters.
const FARTHEST: u32 = 64 * 64;

/// A picture whose pixels name colours of a palette.
#[derive(Debug, PartialEq)]
pub struct Indexed {
    /// Red, green and blue of each colour, 256 colours at most.
    pub palette: Vec<u8>,
    /// The number of each pixel's colour.
    pub pixels: Vec<u8>,
}

/// Gives each pixel a number. Where there are more colours than numbers, the rarest ones, at the rims of letters and lines,
/// become the most similar of the others. Returns `None` if there are too many colours for this, or if one is like no other.
pub fn indexed(pixels: &[[u8; 3]]) -> Option<Indexed> {
    let mut counts: HashMap<[u8; 3], usize> = HashMap::new();
    for run in pixels.chunk_by(|a, b| a == b) {
        *counts.entry(run[0]).or_default() += run.len();
        if counts.len() > MOST {
            return None;
        }
    }
    let mut common: Vec<([u8; 3], usize)> = counts.iter().map(|(colour, count)| (*colour, *count)).collect();
    common.sort_unstable_by_key(|&(colour, count)| (Reverse(count), colour));
    common.truncate(COLOURS);
    let number = |colour: [u8; 3]| {
        let distances = common.iter().map(|(other, _)| distance(colour, *other));
        let (n, nearest) = distances.enumerate().min_by_key(|(_, distance)| *distance)?;
        (nearest <= FARTHEST).then_some((colour, n as u8))
    };
    let numbers: HashMap<[u8; 3], u8> = counts.into_keys().map(number).collect::<Option<_>>()?;
    let mut named = Vec::with_capacity(pixels.len());
    for run in pixels.chunk_by(|a, b| a == b) {
        named.resize(named.len() + run.len(), numbers[&run[0]]);
    }
    Some(Indexed { palette: common.iter().flat_map(|(colour, _)| *colour).collect(), pixels: named })
}

/// The squared distance of two colours.
fn distance(one: [u8; 3], two: [u8; 3]) -> u32 {
    one.iter().zip(two).map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn colour(indexed: &Indexed, at: usize) -> [u8; 3] {
        indexed.palette.as_chunks::<3>().0[usize::from(indexed.pixels[at])]
    }

    #[test]
    fn few_colours_stay_as_they_are() {
        let pixels: Vec<[u8; 3]> = (0..1000).map(|n| [(n % 256) as u8, 7, 9]).collect();
        let indexed = indexed(&pixels).unwrap();
        assert_eq!(indexed.palette.len(), 3 * COLOURS);
        for (n, pixel) in pixels.iter().enumerate() {
            assert_eq!(colour(&indexed, n), *pixel);
        }
    }

    #[test]
    fn the_rarest_colours_become_the_most_similar_ones() {
        let mut pixels: Vec<[u8; 3]> = (0..256).flat_map(|n| [[n as u8, 0, 0]; 3]).collect();
        pixels.push([40, 2, 1]);
        let indexed = indexed(&pixels).unwrap();
        assert_eq!(colour(&indexed, pixels.len() - 1), [40, 0, 0]);
        assert_eq!(colour(&indexed, 3 * 200), [200, 0, 0]);
    }

    #[test]
    fn a_rare_colour_of_its_own_is_kept() {
        let mut pixels: Vec<[u8; 3]> = (0..256).flat_map(|n| [[n as u8, 0, 0]; 3]).collect();
        pixels.push([40, 200, 0]);
        assert_eq!(indexed(&pixels), None);
    }

    #[test]
    fn a_photograph_keeps_its_colours() {
        let pixels: Vec<[u8; 3]> = (0..=MOST).map(|n| [(n % 64) as u8, (n / 64) as u8, 3]).collect();
        assert_eq!(indexed(&pixels), None);
        assert!(indexed(&pixels[..MOST]).is_some());
        assert_eq!(indexed(&[]), Some(Indexed { palette: Vec::new(), pixels: Vec::new() }));
    }
}
