//! Heat maps: a colour for each value.
use std::io;

/// Steps from the darkest to the brightest colour. More would not be seen, and take more room.
pub const LEVELS: usize = 32;

/// Values in rows from the top, 0 to [`LEVELS`] - 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Heat {
    pub width: usize,
    pub height: usize,
    levels: Vec<u8>,
}

impl Heat {
    /// A map of the lowest value. It is never without pixels, which no image may be.
    pub fn new(width: usize, height: usize) -> Self {
        let (width, height) = (width.max(1), height.max(1));
        Self { width, height, levels: vec![0; width * height] }
    }

    /// A map of columns of values, the lowest value of a column at the bottom. `share` maps each value to 0..=1.
    pub fn of_columns<'a>(
        columns: impl ExactSizeIterator<Item = &'a [f32]>,
        values: usize,
        share: impl Fn(&[f32], f32) -> f64,
    ) -> Self {
        let mut heat = Self::new(columns.len(), values);
        for (x, column) in columns.enumerate() {
            for (n, v) in column.iter().enumerate() {
                heat.set(x, heat.height - 1 - n, share(column, *v));
            }
        }
        heat
    }

    /// The colour scale itself: one row from the lowest to the highest value, or one column with the highest at the top.
    pub fn scale(upright: bool) -> Self {
        let mut heat = if upright { Self::new(1, LEVELS) } else { Self::new(LEVELS, 1) };
        for n in 0..LEVELS {
            let share = n as f64 / (LEVELS - 1) as f64;
            if upright { heat.set(0, LEVELS - 1 - n, share) } else { heat.set(n, 0, share) }
        }
        heat
    }

    /// Sets a pixel to a value of 0..=1.
    pub fn set(&mut self, x: usize, y: usize, share: f64) {
        self.levels[y * self.width + x] = (share.clamp(0.0, 1.0) * (LEVELS - 1) as f64).round() as u8;
    }

    /// Writes the map as a PNG file with a palette.
    pub fn write(&self, out: &mut dyn io::Write) -> io::Result<()> {
        let palette: Vec<u8> = (0..LEVELS).flat_map(|n| colour(n as f64 / (LEVELS - 1) as f64)).collect();
        let mut encoder = png::Encoder::new(out, self.width as u32, self.height as u32);
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_palette(palette);
        encoder.set_compression(png::Compression::High);
        // Levels are names of colours, so their differences say nothing.
        encoder.set_filter(png::Filter::NoFilter);
        let mut writer = encoder.write_header().map_err(io::Error::other)?;
        writer.write_image_data(&self.levels).map_err(io::Error::other)?;
        writer.finish().map_err(io::Error::other)
    }
}

/// A colour scale from dark to bright, even to the eye and in grey.
fn colour(share: f64) -> [u8; 3] {
    const STOPS: [[f64; 3]; 6] = [
        [12.0, 7.0, 40.0],
        [66.0, 16.0, 104.0],
        [138.0, 34.0, 106.0],
        [212.0, 72.0, 66.0],
        [249.0, 143.0, 30.0],
        [252.0, 250.0, 170.0],
    ];
    let place = share.clamp(0.0, 1.0) * (STOPS.len() - 1) as f64;
    let below = (place as usize).min(STOPS.len() - 2);
    let part = place - below as f64;
    std::array::from_fn(|i| (STOPS[below][i] * (1.0 - part) + STOPS[below + 1][i] * part).round() as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_get_brighter() {
        let light = |share| colour(share).iter().map(|c| u32::from(*c)).sum::<u32>();
        assert!((0..100).all(|n| light(f64::from(n) / 100.0) <= light(f64::from(n + 1) / 100.0)));
        assert_eq!(colour(f64::NEG_INFINITY), colour(0.0));
    }

    #[test]
    fn a_map_is_a_png_file_of_its_size_with_the_lowest_value_at_the_bottom() {
        let columns: [&[f32]; 3] = [&[1.0, 0.0], &[0.0, 0.0], &[0.0, 0.5]];
        let heat = Heat::of_columns(columns.into_iter(), 2, |_, v| f64::from(v));
        let mut out = Vec::new();
        heat.write(&mut out).unwrap();
        let mut decoder = png::Decoder::new(io::Cursor::new(&out));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        assert_eq!((reader.info().width, reader.info().height), (3, 2));
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        let (dark, bright) = (colour(0.0), colour(1.0));
        let half = colour((0.5 * (LEVELS - 1) as f64).round() / (LEVELS - 1) as f64);
        assert_eq!(pixels, [dark, dark, half, bright, dark, dark].concat());
    }

    #[test]
    fn what_is_no_number_is_the_lowest_value_and_nothing_still_is_a_picture() {
        let mut heat = Heat::new(0, 0);
        heat.set(0, 0, f64::NAN);
        assert_eq!((heat.width, heat.height, &heat.levels[..]), (1, 1, &[0][..]));
        heat.set(0, 0, 7.0);
        assert_eq!(usize::from(heat.levels[0]), LEVELS - 1);
        assert!(heat.write(&mut Vec::new()).is_ok());
    }
}
