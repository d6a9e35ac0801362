//! How early or late one track is against another on a straight line. A copy keeps its time. A player does not.

/// How far some pieces that follow each other are off their line, in four of five places less.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Wander {
    /// In frames.
    pub frames: f64,
    /// In units of what noise alone would do, up to a factor.
    pub beyond_noise: f64,
}

/// Pieces that are early or late together: about 7 s.
const TOGETHER: usize = 5;

/// The share of places that are less off than what is told.
const MOST: f64 = 0.8;

/// A piece that is further from the median is left out when the bias is fitted, in frames.
const NEAR: f64 = 0.3;

/// By how many frames a piece is off its line, and where between two frames the second track is read there.
pub(super) struct Off {
    pub fraction: f64,
    pub by: f64,
    /// How far off it would be by noise alone, up to a factor.
    pub noise: f64,
}

/// How far the pieces are off together, without what reading between frames adds to each, which depends on the fraction alone.
pub(super) fn wander(pieces: &[Off]) -> Wander {
    if pieces.len() < 4 {
        return Wander::default();
    }
    let middle = quantile(pieces.iter().map(|piece| piece.by).collect(), 0.5);
    // Least squares of 1, sine and cosine of the fraction, over pieces that are not far off.
    let near = |piece: &&Off| (piece.by - middle).abs() < NEAR;
    let waves = |piece: &Off| {
        let (sine, cosine) = (std::f64::consts::TAU * piece.fraction).sin_cos();
        [1.0, sine, cosine]
    };
    let mut normal = [[1e-6, 0.0, 0.0, 0.0], [0.0, 0.5, 0.0, 0.0], [0.0, 0.0, 0.5, 0.0]];
    for piece in pieces.iter().filter(near) {
        let x = waves(piece);
        for (row, a) in normal.iter_mut().zip(x) {
            for (cell, b) in row.iter_mut().zip([x[0], x[1], x[2], piece.by]) {
                *cell += a * b;
            }
        }
    }
    let fitted = solved(normal);
    let rest: Vec<(f64, f64)> = pieces
        .iter()
        .map(|piece| {
            let bias: f64 = waves(piece).iter().zip(fitted).map(|(x, c)| x * c).sum();
            (piece.by - bias, piece.noise)
        })
        .collect();
    // The mean of some pieces: another performance is early or late for some time.
    let together = TOGETHER.min(rest.len());
    let (off, beyond): (Vec<f64>, Vec<f64>) = rest
        .windows(together)
        .map(|some| {
            let weight: f64 = some.iter().map(|(_, noise)| noise.powi(-2)).sum();
            let mean = some.iter().map(|(by, noise)| by * noise.powi(-2)).sum::<f64>() / weight;
            (mean.abs(), mean.abs() * (weight / together as f64).sqrt())
        })
        .unzip();
    Wander { frames: quantile(off, MOST), beyond_noise: quantile(beyond, MOST) }
}

/// The solution of three equations with a positive definite matrix; the last column is the right side.
fn solved(mut rows: [[f64; 4]; 3]) -> [f64; 3] {
    for at in 0..3 {
        let pivot = rows[at];
        for row in (0..3).filter(|&row| row != at) {
            let factor = rows[row][at] / pivot[at];
            for (cell, above) in rows[row].iter_mut().zip(pivot) {
                *cell -= factor * above;
            }
        }
    }
    std::array::from_fn(|i| rows[i][3] / rows[i][i])
}

/// The value that this share of the values does not exceed; 0 of nothing.
fn quantile(mut values: Vec<f64>, share: f64) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    let place = ((values.len() - 1) as f64 * share) as usize;
    *values.select_nth_unstable_by(place, f64::total_cmp).1
}

#[cfg(test)]
mod tests;
