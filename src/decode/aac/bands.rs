//! Where the scale factor bands begin, and how far temporal noise shaping reaches (ISO/IEC 14496-3, tables 4.129 to 4.138
//! and 4.155).

/// The bands of one sampling rate.
#[derive(Debug)]
pub(super) struct Bands {
    /// The first line of each band of a long window, and 1,024.
    pub long: &'static [u16],
    /// The first line of each band of a short window, and 128.
    pub short: &'static [u16],
    /// Noise shaping ends with this band in a long and in a short window.
    pub shaped: [usize; 2],
}

/// The rates of table 1.18, by their index.
pub(super) const RATES: [u32; 13] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];

/// The bands of any rate (table 4.82 says which standard rate stands for it).
pub(super) fn of_rate(rate: u32) -> &'static Bands {
    const LEAST: [u32; 11] =
        [92_017, 75_132, 55_426, 46_009, 37_566, 27_713, 23_004, 18_783, 13_856, 11_502, 9_391];
    &ALL[LEAST.iter().position(|&least| rate >= least).unwrap_or(LEAST.len())]
}

static ALL: [Bands; 12] = [
    Bands { long: &LONG_96, short: &SHORT_96, shaped: [31, 9] },
    Bands { long: &LONG_96, short: &SHORT_96, shaped: [31, 9] },
    Bands { long: &LONG_64, short: &SHORT_96, shaped: [34, 10] },
    Bands { long: &LONG_48, short: &SHORT_48, shaped: [40, 14] },
    Bands { long: &LONG_48, short: &SHORT_48, shaped: [42, 14] },
    Bands { long: &LONG_32, short: &SHORT_48, shaped: [51, 14] },
    Bands { long: &LONG_24, short: &SHORT_24, shaped: [46, 14] },
    Bands { long: &LONG_24, short: &SHORT_24, shaped: [46, 14] },
    Bands { long: &LONG_16, short: &SHORT_16, shaped: [42, 14] },
    Bands { long: &LONG_16, short: &SHORT_16, shaped: [42, 14] },
    Bands { long: &LONG_16, short: &SHORT_16, shaped: [42, 14] },
    Bands { long: &LONG_8, short: &SHORT_8, shaped: [39, 14] },
];

#[rustfmt::skip]
static LONG_96: [u16; 42] = [
    0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 52, 56, 64, 72, 80, 88, 96, 108, 120, 132, 144, 156, 172,
    188, 212, 240, 276, 320, 384, 448, 512, 576, 640, 704, 768, 832, 896, 960, 1024,
];
#[rustfmt::skip]
static LONG_64: [u16; 48] = [
    0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 52, 56, 64, 72, 80, 88, 100, 112, 124, 140, 156, 172,
    192, 216, 240, 268, 304, 344, 384, 424, 464, 504, 544, 584, 624, 664, 704, 744, 784, 824, 864, 904, 944,
    984, 1024,
];
#[rustfmt::skip]
static LONG_48: [u16; 50] = [
    0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 48, 56, 64, 72, 80, 88, 96, 108, 120, 132, 144, 160, 176, 196,
    216, 240, 264, 292, 320, 352, 384, 416, 448, 480, 512, 544, 576, 608, 640, 672, 704, 736, 768, 800, 832,
    864, 896, 928, 1024,
];
#[rustfmt::skip]
static LONG_32: [u16; 52] = [
    0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 48, 56, 64, 72, 80, 88, 96, 108, 120, 132, 144, 160, 176, 196,
    216, 240, 264, 292, 320, 352, 384, 416, 448, 480, 512, 544, 576, 608, 640, 672, 704, 736, 768, 800, 832,
    864, 896, 928, 960, 992, 1024,
];
#[rustfmt::skip]
static LONG_24: [u16; 48] = [
    0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 52, 60, 68, 76, 84, 92, 100, 108, 116, 124, 136, 148, 160,
    172, 188, 204, 220, 240, 260, 284, 308, 336, 364, 396, 432, 468, 508, 552, 600, 652, 704, 768, 832, 896,
    960, 1024,
];
#[rustfmt::skip]
static LONG_16: [u16; 44] = [
    0, 8, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 100, 112, 124, 136, 148, 160, 172, 184, 196, 212, 228, 244,
    260, 280, 300, 320, 344, 368, 396, 424, 456, 492, 532, 572, 616, 664, 716, 772, 832, 896, 960, 1024,
];
#[rustfmt::skip]
static LONG_8: [u16; 41] = [
    0, 12, 24, 36, 48, 60, 72, 84, 96, 108, 120, 132, 144, 156, 172, 188, 204, 220, 236, 252, 268, 288, 308,
    328, 348, 372, 396, 420, 448, 476, 508, 544, 580, 620, 664, 712, 764, 820, 880, 944, 1024,
];
#[rustfmt::skip]
static SHORT_96: [u16; 13] = [
    0, 4, 8, 12, 16, 20, 24, 32, 40, 48, 64, 92, 128,
];
#[rustfmt::skip]
static SHORT_48: [u16; 15] = [
    0, 4, 8, 12, 16, 20, 28, 36, 44, 56, 68, 80, 96, 112, 128,
];
#[rustfmt::skip]
static SHORT_24: [u16; 16] = [
    0, 4, 8, 12, 16, 20, 24, 28, 36, 44, 52, 64, 76, 92, 108, 128,
];
#[rustfmt::skip]
static SHORT_16: [u16; 16] = [
    0, 4, 8, 12, 16, 20, 24, 28, 32, 40, 48, 60, 72, 88, 108, 128,
];
#[rustfmt::skip]
static SHORT_8: [u16; 16] = [
    0, 4, 8, 12, 16, 20, 24, 28, 36, 44, 52, 60, 72, 88, 108, 128,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_ascend_by_multiples_of_four_lines_to_the_end() {
        for bands in &ALL {
            for (offsets, lines) in [(bands.long, 1024), (bands.short, 128)] {
                assert_eq!((offsets[0], offsets[offsets.len() - 1]), (0, lines));
                assert!(offsets.windows(2).all(|w| w[0] < w[1] && (w[1] - w[0]) % 4 == 0));
            }
            assert!(bands.shaped[0] < bands.long.len() && bands.shaped[1] < bands.short.len());
        }
    }

    #[test]
    fn every_standard_rate_has_its_own_bands() {
        for (i, &rate) in RATES[..12].iter().enumerate() {
            assert!(std::ptr::eq(of_rate(rate), &ALL[i]));
        }
        assert!(std::ptr::eq(of_rate(0), &ALL[11]));
        assert!(std::ptr::eq(of_rate(u32::MAX), &ALL[0]));
    }
}
