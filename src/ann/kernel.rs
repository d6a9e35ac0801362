//! Dot products of i8 vectors, many queries against many vectors at once.
//!
//! Sixteen vectors make a panel: the first four values of all sixteen, then the next four, and so on, so that one
//! instruction works on all sixteen without a sum across lanes. A panel holds the values plus 128, as unsigned bytes,
//! because the instructions take those; 128 times the sum of the query's values is subtracted again. Every kernel
//! returns the same integers as [`dot`].

/// Vectors in a panel.
pub(crate) const LANES: usize = 16;

/// Sixteen dot products, one for each vector of a panel.
pub(crate) type Scores = [i32; LANES];

/// The plain dot product, the reference of all kernels.
///
/// # Panics
/// In debug builds, if the lengths differ.
pub(crate) fn dot(a: &[i8], b: &[i8]) -> i32 {
    debug_assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(&x, &y)| i32::from(x) * i32::from(y)).sum()
}

/// Up to sixteen vectors, ready to be scored.
#[derive(Clone, Debug, Default)]
pub(crate) struct Panel {
    groups: Vec<[u32; LANES]>,
}

impl Panel {
    /// Takes in `vectors`, at most sixteen of `dims` values. Lanes without a vector score as zero vectors.
    pub fn fill(&mut self, vectors: &[i8], dims: usize) {
        debug_assert!(vectors.len() <= LANES * dims && vectors.len().is_multiple_of(dims));
        self.groups.clear();
        self.groups.resize(dims.div_ceil(4), [ZERO; LANES]);
        let mut lane = 0;
        #[cfg(target_arch = "x86_64")]
        for four in vectors.chunks_exact(4 * dims) {
            let four = std::array::from_fn(|i| &four[i * dims..(i + 1) * dims]);
            // SAFETY: every x86-64 has SSE2.
            unsafe { transpose(&mut self.groups, lane, four) };
            if !dims.is_multiple_of(16) {
                (lane..).zip(four).for_each(|(lane, vector)| self.fill_lane(lane, vector, dims / 16 * 4));
            }
            lane += 4;
        }
        for vector in vectors.chunks_exact(dims).skip(lane) {
            self.fill_lane(lane, vector, 0);
            lane += 1;
        }
    }

    /// Takes in the values of a vector from group `first` on.
    fn fill_lane(&mut self, lane: usize, vector: &[i8], first: usize) {
        for (group, values) in self.groups[first..].iter_mut().zip(vector[4 * first..].chunks(4)) {
            let mut four = [0; 4];
            four[..values.len()].copy_from_slice(values);
            group[lane] = biased(four);
        }
    }
}

/// Takes four vectors into the lanes from `lane` on, sixteen values of each at a time. The last values that are fewer stay.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "sse2")]
fn transpose(groups: &mut [[u32; LANES]], lane: usize, vectors: [&[i8]; 4]) {
    use std::arch::x86_64::*;
    let zero = _mm_set1_epi32(ZERO as i32);
    let [a, b, c, d] = vectors.map(|vector| vector.as_chunks::<16>().0);
    for ((((groups, a), b), c), d) in groups.as_chunks_mut::<4>().0.iter_mut().zip(a).zip(b).zip(c).zip(d) {
        // SAFETY: sixteen bytes are one whole register; the load needs no alignment.
        let rows =
            [a, b, c, d].map(|row| _mm_xor_si128(unsafe { _mm_loadu_si128(row.as_ptr().cast()) }, zero));
        let low = [_mm_unpacklo_epi32(rows[0], rows[1]), _mm_unpacklo_epi32(rows[2], rows[3])];
        let high = [_mm_unpackhi_epi32(rows[0], rows[1]), _mm_unpackhi_epi32(rows[2], rows[3])];
        let columns = [
            _mm_unpacklo_epi64(low[0], low[1]),
            _mm_unpackhi_epi64(low[0], low[1]),
            _mm_unpacklo_epi64(high[0], high[1]),
            _mm_unpackhi_epi64(high[0], high[1]),
        ];
        for (group, column) in groups.iter_mut().zip(columns) {
            let to = &mut group[lane..lane + 4];
            // SAFETY: four u32 are one whole register; the store needs no alignment.
            unsafe { _mm_storeu_si128(to.as_mut_ptr().cast(), column) };
        }
    }
}

/// Four zeros, biased.
const ZERO: u32 = 0x8080_8080;

fn biased(four: [i8; 4]) -> u32 {
    u32::from_le_bytes(four.map(|v| v as u8)) ^ ZERO
}

/// Query vectors, ready to be scored against panels.
#[derive(Clone, Debug)]
pub(crate) struct Queries {
    groups: usize,
    /// Four values in each; `groups` for each query.
    fours: Vec<i32>,
    /// The first and the third of each four as two i16, then the second and the fourth: for AVX2.
    halves: Vec<[i32; 2]>,
    /// 128 times the sum of each query's values.
    bias: Vec<i32>,
}

impl Queries {
    /// Takes in `queries`, any number of vectors of `dims` values.
    pub fn new(queries: &[i8], dims: usize) -> Self {
        let groups = dims.div_ceil(4);
        let mut new = Self { groups, fours: Vec::new(), halves: Vec::new(), bias: Vec::new() };
        let pair = |low: i8, high: i8| (i32::from(high) << 16) | (i32::from(low) & 0xFFFF);
        for query in queries.chunks_exact(dims) {
            for part in query.chunks(4) {
                let mut four = [0; 4];
                four[..part.len()].copy_from_slice(part);
                new.fours.push(i32::from_le_bytes(four.map(|v| v as u8)));
                new.halves.push([pair(four[0], four[2]), pair(four[1], four[3])]);
            }
            new.bias.push(128 * query.iter().map(|&v| i32::from(v)).sum::<i32>());
        }
        new
    }

    /// How many queries there are.
    pub fn len(&self) -> usize {
        self.bias.len()
    }
}

/// A way to compute that this processor supports. Only [`Kernel::available`] makes one, so each one that exists may be
/// used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kernel(Isa);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Isa {
    Scalar,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Vnni,
}

impl Kernel {
    /// All ways that this processor supports, fastest first.
    pub fn available() -> Vec<Self> {
        let mut all = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vnni") {
                all.push(Self(Isa::Vnni));
            }
            if is_x86_feature_detected!("avx2") {
                all.push(Self(Isa::Avx2));
            }
        }
        all.push(Self(Isa::Scalar));
        all
    }

    /// The fastest way.
    pub fn best() -> Self {
        Self::available()[0]
    }

    /// Compares the `picked` queries with `panel`. Clears `out`, and adds each query that has a score of at least its
    /// value in `min`. Few queries have one, so little is written.
    ///
    /// # Panics
    /// If a pick is not the number of a query, if panel and queries differ in dimensions, or if `min` does not have one
    /// value for each query.
    pub fn score(
        self,
        panel: &Panel,
        queries: &Queries,
        picked: &[u32],
        min: &[i32],
        out: &mut Vec<(u32, Scores)>,
    ) {
        assert_eq!(panel.groups.len(), queries.groups);
        assert_eq!(min.len(), queries.len());
        assert!(picked.iter().all(|&q| (q as usize) < queries.len()));
        out.clear();
        match self.0 {
            Isa::Scalar => scalar(panel, queries, picked, min, out),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: whoever made this kernel found AVX2; picks and lengths were checked above.
            Isa::Avx2 => unsafe { avx2(panel, queries, picked, min, out) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: whoever made this kernel found AVX-512F and VNNI; picks and lengths were checked above.
            Isa::Vnni => unsafe { vnni(panel, queries, picked, min, out) },
        }
    }
}

fn scalar(panel: &Panel, queries: &Queries, picked: &[u32], min: &[i32], out: &mut Vec<(u32, Scores)>) {
    for &pick in picked {
        let q = pick as usize;
        let mut scores = [-queries.bias[q]; LANES];
        for (group, four) in panel.groups.iter().zip(&queries.fours[q * queries.groups..]) {
            let four = four.to_le_bytes().map(|v| i32::from(v as i8));
            for (sum, vector) in scores.iter_mut().zip(group) {
                let values = vector.to_le_bytes().map(i32::from);
                *sum += four.iter().zip(values).map(|(a, b)| a * b).sum::<i32>();
            }
        }
        if scores.iter().any(|&score| score >= min[q]) {
            out.push((pick, scores));
        }
    }
}

/// # Safety
/// The processor must have AVX2, `picked` name queries, and panel and queries have the same number of groups.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn avx2(panel: &Panel, queries: &Queries, picked: &[u32], min: &[i32], out: &mut Vec<(u32, Scores)>) {
    use std::arch::x86_64::*;
    let low_bytes = _mm256_set1_epi32(0x00FF_00FF);
    for &pick in picked {
        let q = pick as usize;
        let mut sums = [_mm256_set1_epi32(-queries.bias[q]); 2];
        for (group, halves) in panel.groups.iter().zip(&queries.halves[q * queries.groups..]) {
            let (even, odd) = (_mm256_set1_epi32(halves[0]), _mm256_set1_epi32(halves[1]));
            for (half, sum) in sums.iter_mut().enumerate() {
                // SAFETY: a group is 16 u32, so both halves of 8 lie within it; the load needs no alignment.
                let bytes = unsafe { _mm256_loadu_si256(group.as_ptr().add(8 * half).cast()) };
                let first = _mm256_madd_epi16(_mm256_and_si256(bytes, low_bytes), even);
                let second = _mm256_madd_epi16(_mm256_and_si256(_mm256_srli_epi16(bytes, 8), low_bytes), odd);
                *sum = _mm256_add_epi32(*sum, _mm256_add_epi32(first, second));
            }
        }
        let min = _mm256_set1_epi32(min[q]);
        let below = sums.map(|sum| _mm256_cmpgt_epi32(min, sum));
        if _mm256_movemask_epi8(_mm256_and_si256(below[0], below[1])) == -1 {
            continue;
        }
        let mut scores = [0; LANES];
        for (half, sum) in sums.into_iter().enumerate() {
            // SAFETY: `scores` is 16 i32, so both halves of 8 lie within it; the store needs no alignment.
            unsafe { _mm256_storeu_si256(scores.as_mut_ptr().add(8 * half).cast(), sum) };
        }
        out.push((pick, scores));
    }
}

/// # Safety
/// The processor must have AVX-512F and VNNI, `picked` name queries, and panel and queries have the same number of
/// groups.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vnni")]
unsafe fn vnni(panel: &Panel, queries: &Queries, picked: &[u32], min: &[i32], out: &mut Vec<(u32, Scores)>) {
    use std::arch::x86_64::*;
    /// Queries whose sums are kept in registers together, so that a panel is loaded once for all of them.
    const TOGETHER: usize = 8;
    for picked in picked.chunks(TOGETHER) {
        // The last chunk may be short: its first query stands in for the missing ones.
        let at = |i: usize| picked.get(i).copied().unwrap_or(picked[0]) as usize;
        let mut sums: [_; TOGETHER] = std::array::from_fn(|i| _mm512_set1_epi32(-queries.bias[at(i)]));
        let fours: [_; TOGETHER] =
            std::array::from_fn(|i| &queries.fours[at(i) * queries.groups..(at(i) + 1) * queries.groups]);
        for (g, group) in panel.groups.iter().enumerate() {
            // SAFETY: a group is 16 u32, one whole register; the load needs no alignment.
            let bytes = unsafe { _mm512_loadu_si512(group.as_ptr().cast()) };
            for (sum, four) in sums.iter_mut().zip(&fours) {
                // SAFETY: every slice has `queries.groups` values, as many as the panel has groups.
                let four = _mm512_set1_epi32(unsafe { *four.get_unchecked(g) });
                *sum = _mm512_dpbusd_epi32(*sum, bytes, four);
            }
        }
        for (&pick, sum) in picked.iter().zip(sums) {
            let min = _mm512_set1_epi32(min[pick as usize]);
            if _mm512_cmpge_epi32_mask(sum, min) == 0 {
                continue;
            }
            let mut scores = [0; LANES];
            // SAFETY: `scores` is 16 i32, one whole register; the store needs no alignment.
            unsafe { _mm512_storeu_si512(scores.as_mut_ptr().cast(), sum) };
            out.push((pick, scores));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kernel_gives_the_plain_dot_products() {
        let mut random = fastrand::Rng::with_seed(1);
        for dims in [1, 2, 3, 4, 5, 7, 8, 15, 16, 31, 60, 63, 64, 65, 96, 100, 127, 128, 200] {
            for vectors in [1, 2, 15, 16] {
                for n in [1, 2, 7, 8, 9, 17] {
                    let mut values = |count: usize| -> Vec<i8> {
                        // Extremes are frequent, because a narrow sum would saturate there.
                        (0..count).map(|_| [random.i8(..), -128, 127][random.usize(..3)]).collect()
                    };
                    let (data, queries) = (values(vectors * dims), values(n * dims));
                    let mut panel = Panel::default();
                    panel.fill(&vec![5; LANES * dims], dims);
                    panel.fill(&data, dims);
                    let ready = Queries::new(&queries, dims);
                    let picked: Vec<u32> = (0..n as u32).rev().collect();
                    let plain: Vec<Scores> = queries
                        .chunks_exact(dims)
                        .map(|query| {
                            let vector = |lane: usize| data.get(lane * dims..(lane + 1) * dims);
                            std::array::from_fn(|lane| vector(lane).map_or(0, |v| dot(v, query)))
                        })
                        .collect();
                    // With the first limits every query gets in, with the second ones some do by their best score, with
                    // the third ones none.
                    let most = |scores: &Scores| scores.iter().copied().max().unwrap_or(0);
                    let limits = [
                        vec![i32::MIN; n],
                        plain.iter().enumerate().map(|(q, s)| most(s) + (q % 2) as i32).collect(),
                        vec![i32::MAX; n],
                    ];
                    for kernel in Kernel::available() {
                        for min in &limits {
                            let mut out = vec![(7, [7; LANES])];
                            kernel.score(&panel, &ready, &picked, min, &mut out);
                            let reached =
                                picked.iter().filter(|&&q| most(&plain[q as usize]) >= min[q as usize]);
                            let expected: Vec<_> = reached.map(|&q| (q, plain[q as usize])).collect();
                            assert_eq!(out, expected, "{kernel:?}, {dims} dims");
                        }
                    }
                }
            }
        }
    }
}
