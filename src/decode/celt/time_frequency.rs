//! Which bands trade resolution in frequency for resolution in time, or the other way (RFC 6716, section 4.3.1).
use super::range::Range;
use super::tables::{BANDS, LONGEST};

/// By the length of the frame, whether it has short blocks, and the choice of the frame: the changes of bands without and
/// with a mark. Above 0 for more frequencies, below for more moments.
const CHANGES: [[[[i32; 2]; 2]; 2]; LONGEST + 1] = [
    [[[0, -1], [0, -1]], [[0, -1], [0, -1]]],
    [[[0, -1], [0, -2]], [[1, 0], [1, -1]]],
    [[[0, -2], [0, -3]], [[2, 0], [1, -1]]],
    [[[0, -2], [0, -3]], [[3, 0], [1, -1]]],
];

/// Reads the change of each band: how often its resolution doubles.
pub(super) fn changes(
    range: &mut Range<'_>,
    end: usize,
    has_short_blocks: bool,
    scale: usize,
) -> [i32; BANDS] {
    let mut price = if has_short_blocks { 2 } else { 4 };
    let has_choice = scale > 0 && range.used() + price < range.bits();
    let budget = range.bits() - i32::from(has_choice);
    let (mut marks, mut is_marked, mut any) = ([false; BANDS], false, false);
    for mark in &mut marks[..end] {
        if range.used() + price <= budget {
            is_marked ^= range.bit(price.cast_unsigned());
            any |= is_marked;
        }
        *mark = is_marked;
        price = if has_short_blocks { 4 } else { 5 };
    }
    let [first, second] = CHANGES[scale][usize::from(has_short_blocks)];
    let differs = first[usize::from(any)] != second[usize::from(any)];
    let chosen = if has_choice && differs && range.bit(1) { second } else { first };
    marks.map(|mark| chosen[usize::from(mark)])
}
