//! The order of channels (4.3.9).

/// The place of a channel of Vorbis in the order that WAV has. More than eight channels have no order.
pub(super) fn place(channels: usize, channel: usize) -> usize {
    let places: &[usize] = match channels {
        3 => &[0, 2, 1],
        5 => &[0, 2, 1, 3, 4],
        // Left, centre, right, back left, back right, low frequencies.
        6 => &[0, 2, 1, 4, 5, 3],
        // Left, centre, right, side left, side right, back, low frequencies.
        7 => &[0, 2, 1, 5, 6, 4, 3],
        // Left, centre, right, side left, side right, back left, back right, low frequencies.
        8 => &[0, 2, 1, 6, 7, 4, 5, 3],
        _ => &[],
    };
    places.get(channel).copied().unwrap_or(channel)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_channel_has_a_place_of_its_own() {
        for channels in 1..=255 {
            let mut places: Vec<usize> = (0..channels).map(|channel| place(channels, channel)).collect();
            places.sort_unstable();
            assert!(places.into_iter().eq(0..channels));
        }
    }
}
