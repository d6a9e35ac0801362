use super::*;

/// Pieces whose places advance by a fraction, off by what `off` returns for the number and the fraction.
fn pieces(count: usize, mut off: impl FnMut(usize, f64) -> f64) -> Vec<Off> {
    let piece = |n: usize| {
        let fraction = (0.37 * n as f64).fract();
        Off { fraction, by: off(n, fraction), noise: 0.02 }
    };
    (0..count).map(piece).collect()
}

#[test]
fn few_pieces_say_nothing() {
    for count in 0..4 {
        assert_eq!(wander(&pieces(count, |n, _| if n == 0 { 0.0 } else { 0.5 })), Wander::default());
    }
}

#[test]
fn steady_pieces_do_not_wander_and_a_common_shift_does_not_count() {
    for shift in [0.0, 0.2, -0.5] {
        let steady = wander(&pieces(60, |_, _| shift));
        assert!(steady.frames < 1e-6, "{steady:?}");
        assert!(steady.beyond_noise < 1e-4, "{steady:?}");
    }
    let mut random = fastrand::Rng::with_seed(1);
    let noisy = wander(&pieces(200, |_, _| 0.02 * (random.f64() * 2.0 - 1.0)));
    assert!(noisy.frames < 0.01 && noisy.beyond_noise < 0.5, "{noisy:?}");
}

#[test]
fn a_bias_that_depends_on_the_fraction_alone_is_removed() {
    let tau = std::f64::consts::TAU;
    let bias = |fraction: f64| 0.05 + 0.1 * (tau * fraction).sin() - 0.06 * (tau * fraction).cos();
    let biased = wander(&pieces(100, |_, fraction| bias(fraction)));
    assert!(biased.frames < 0.003, "{biased:?}");
    // What the second track itself is early or late stays.
    let drift = |n: usize| if (n / 20).is_multiple_of(2) { 0.15 } else { -0.15 };
    let both = wander(&pieces(200, |n, fraction| drift(n) + bias(fraction)));
    assert!((both.frames - 0.15).abs() < 0.01, "{both:?}");
}

#[test]
fn pieces_that_are_early_and_late_for_some_time_wander_by_that() {
    for amount in [0.05, 0.1, 0.14] {
        let drift = |n: usize, _| if (n / 25).is_multiple_of(2) { amount } else { -amount };
        let found = wander(&pieces(200, drift));
        assert!((found.frames - amount).abs() < 0.1 * amount, "{found:?} for {amount}");
        assert!((found.beyond_noise - amount / 0.02).abs() < 0.1 * amount / 0.02, "{found:?}");
    }
    // What changes from piece to piece is noise, not drift.
    let jumping = wander(&pieces(200, |n, _| if n.is_multiple_of(2) { 0.1 } else { -0.1 }));
    assert!(jumping.frames < 0.03, "{jumping:?}");
}

#[test]
fn a_piece_with_more_noise_counts_for_less() {
    let mut some = pieces(60, |n, _| if n % 5 == 0 { 0.5 } else { 0.0 });
    let loud = wander(&some).frames;
    some.iter_mut().filter(|piece| piece.by > 0.0).for_each(|piece| piece.noise = 2.0);
    let quiet = wander(&some).frames;
    assert!(loud > 0.08 && quiet < 0.005, "{loud}, {quiet}");
}

#[test]
fn equations_are_solved() {
    let mut random = fastrand::Rng::with_seed(7);
    let mut value = || random.f64() * 2.0 - 1.0;
    for _ in 0..500 {
        // A matrix times its transpose, and a little more: positive definite.
        let a: [[f64; 3]; 3] = std::array::from_fn(|_| std::array::from_fn(|_| value()));
        let wanted: [f64; 3] = std::array::from_fn(|_| value());
        let mut rows = [[0.0; 4]; 3];
        for i in 0..3 {
            for j in 0..3 {
                rows[i][j] = (0..3).map(|k| a[i][k] * a[j][k]).sum::<f64>() + if i == j { 0.1 } else { 0.0 };
            }
            rows[i][3] = (0..3).map(|j| rows[i][j] * wanted[j]).sum();
        }
        let found = solved(rows);
        let plain = cramer(rows);
        for i in 0..3 {
            assert!((found[i] - wanted[i]).abs() < 1e-9, "{rows:?}: {found:?}");
            assert!((found[i] - plain[i]).abs() < 1e-9, "{rows:?}: {found:?}");
        }
    }
}

/// By Cramer's rule.
fn cramer(rows: [[f64; 4]; 3]) -> [f64; 3] {
    let determinant = |columns: [usize; 3]| {
        let at = |row: usize, column: usize| rows[row][columns[column]];
        at(0, 0) * (at(1, 1) * at(2, 2) - at(1, 2) * at(2, 1))
            - at(0, 1) * (at(1, 0) * at(2, 2) - at(1, 2) * at(2, 0))
            + at(0, 2) * (at(1, 0) * at(2, 1) - at(1, 1) * at(2, 0))
    };
    let whole = determinant([0, 1, 2]);
    [[3, 1, 2], [0, 3, 2], [0, 1, 3]].map(|columns| determinant(columns) / whole)
}

#[test]
fn a_quantile_is_the_value_that_this_share_does_not_exceed() {
    assert_eq!(quantile(Vec::new(), 0.5), 0.0);
    for share in [0.0, 0.5, 1.0] {
        assert_eq!(quantile(vec![3.0], share), 3.0);
    }
    let values = vec![3.0, -1.0, 2.0, 7.0, 5.0];
    for (share, value) in [(0.0, -1.0), (0.5, 3.0), (0.8, 5.0), (1.0, 7.0)] {
        assert_eq!(quantile(values.clone(), share), value);
    }
}
