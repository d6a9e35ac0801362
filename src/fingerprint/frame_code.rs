//! Four bits a chroma value: sixteen levels, closer together where values are frequent.
use crate::params::ParameterSet;

/// From chroma values to the numbers of their nearest levels, and back.
#[derive(Clone, Copy, Debug)]
pub struct FrameCode {
    levels: [f32; 16],
    /// Between two levels: what is above is nearer to the upper one.
    limits: [f32; 15],
}

impl FrameCode {
    /// With the levels of `params`.
    pub fn new(params: &ParameterSet) -> Self {
        let levels = params.levels;
        Self { levels, limits: std::array::from_fn(|i| (levels[i] + levels[i + 1]) / 2.0) }
    }

    /// The number of the level nearest to `value`; of two that are as near the lower one.
    fn code(&self, value: f32) -> u8 {
        let mut code = 0;
        for &limit in &self.limits {
            code += u8::from(value > limit);
        }
        code
    }

    /// Appends the codes of `frame` to `packed`, two values a byte, the first in the low four bits.
    ///
    /// # Panics
    /// If `frame` has an odd number of values.
    pub fn pack(&self, frame: &[f32], packed: &mut Vec<u8>) {
        assert!(frame.len().is_multiple_of(2), "{} values do not fill bytes", frame.len());
        packed.extend(frame.chunks_exact(2).map(|pair| self.code(pair[0]) | self.code(pair[1]) << 4));
    }

    /// Writes the values of packed frames: two for each byte.
    ///
    /// # Panics
    /// If `values` is not twice as long as `packed`.
    pub fn unpack(&self, packed: &[u8], values: &mut [f32]) {
        assert_eq!(values.len(), 2 * packed.len(), "two values a byte");
        for (byte, pair) in packed.iter().zip(values.chunks_exact_mut(2)) {
            pair[0] = self.levels[usize::from(byte & 15)];
            pair[1] = self.levels[usize::from(byte >> 4)];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::CURRENT;

    fn other() -> ParameterSet {
        let mut other = CURRENT;
        other.levels = std::array::from_fn(|i| (i as f32 - 5.0) / 20.0);
        other
    }

    #[test]
    fn each_value_becomes_the_nearest_level() {
        for params in [CURRENT, other()] {
            let code = FrameCode::new(&params);
            for step in -1000i16..=1000 {
                let value = f32::from(step) / 1000.0;
                let mut packed = Vec::new();
                code.pack(&[value, 0.0], &mut packed);
                let mut back = [0.0; 2];
                code.unpack(&packed, &mut back);
                let nearest = params.levels.iter().map(|l| (l - value).abs()).fold(f32::MAX, f32::min);
                assert!(((back[0] - value).abs() - nearest).abs() < 1e-6, "{value} became {}", back[0]);
            }
        }
    }

    #[test]
    fn a_value_half_way_between_two_levels_becomes_the_lower_one() {
        let mut params = CURRENT;
        params.levels = std::array::from_fn(|i| i as f32);
        let mut packed = Vec::new();
        FrameCode::new(&params).pack(&[3.5, 12.5], &mut packed);
        assert_eq!(packed, [0xc3]);
    }

    #[test]
    fn a_byte_holds_two_values_the_first_in_its_low_half() {
        let mut packed = Vec::new();
        FrameCode::new(&CURRENT).pack(&[CURRENT.levels[3], CURRENT.levels[12]], &mut packed);
        assert_eq!(packed, [0xc3]);
    }
}
