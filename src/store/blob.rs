//! The structured blobs: their fields in order in bincode's fixed-width little-endian format, lengths as u64.
/// A u32 as it stands in a blob, at any address.
pub(crate) type Le = [u8; 4];

/// Windows of one track, as they stand in the file.
#[derive(Clone, Copy, Debug)]
pub struct WindowBlock<'a> {
    positions: &'a [Le],
    vectors: &'a [i8],
}

impl<'a> WindowBlock<'a> {
    /// How many windows there are.
    pub fn len(&self) -> usize {
        self.positions.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }

    /// The first frame of window `i`.
    ///
    /// # Panics
    /// If `i >= self.len()`.
    pub fn position(&self, i: usize) -> u32 {
        u32::from_le_bytes(self.positions[i])
    }

    /// All vectors, `len() x dims`.
    pub fn vectors(&self) -> &'a [i8] {
        self.vectors
    }

    pub(super) fn encode(positions: &[u32], vectors: &[i8]) -> Vec<u8> {
        encoded(&(positions, vectors))
    }

    /// The windows in `data`, or `None` if it is not such a blob with vectors of `dims` values.
    pub(super) fn decode(data: &'a [u8], dims: usize) -> Option<Self> {
        let (positions, vectors): (&[Le], &[i8]) = wincode::deserialize_exact(data).ok()?;
        (vectors.len() == positions.len().checked_mul(dims)?).then_some(Self { positions, vectors })
    }
}

/// Windows near one centroid, as they stand in the file.
#[derive(Clone, Copy, Debug)]
pub struct PostingBlock<'a> {
    tracks: &'a [Le],
    positions: &'a [Le],
    vectors: &'a [i8],
}

impl<'a> PostingBlock<'a> {
    /// How many windows there are.
    pub fn len(&self) -> usize {
        self.tracks.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.tracks.is_empty()
    }

    /// The track of window `i`.
    ///
    /// # Panics
    /// If `i >= self.len()`.
    pub fn track(&self, i: usize) -> u32 {
        u32::from_le_bytes(self.tracks[i])
    }

    /// The first frame of window `i`.
    ///
    /// # Panics
    /// If `i >= self.len()`.
    pub fn position(&self, i: usize) -> u32 {
        u32::from_le_bytes(self.positions[i])
    }

    /// All vectors, `len() x dims`.
    pub fn vectors(&self) -> &'a [i8] {
        self.vectors
    }

    pub(super) fn decode(data: &'a [u8], dims: usize) -> Option<Self> {
        let (tracks, positions, vectors): (&[Le], &[Le], &[i8]) = wincode::deserialize_exact(data).ok()?;
        let fits = tracks.len() == positions.len() && vectors.len() == tracks.len().checked_mul(dims)?;
        fits.then_some(Self { tracks, positions, vectors })
    }
}

/// The blob of a `posting` row. Each window has a track, a position and a vector.
pub(crate) fn encode_posting(tracks: &[u32], positions: &[u32], vectors: &[i8]) -> Vec<u8> {
    encoded(&(tracks, positions, vectors))
}

/// The blob of a `centroid_block` row.
pub(crate) fn encode_centroids(vectors: &[i8]) -> Vec<u8> {
    encoded(&vectors)
}

pub(super) fn decode_centroids(data: &[u8]) -> Option<&[i8]> {
    wincode::deserialize_exact(data).ok()
}

/// The blob of a `centroid_link` row: for each level of the graph from the lowest, the neighbours.
pub(crate) fn encode_links(levels: &[Vec<u32>]) -> Vec<u8> {
    encoded(&levels)
}

pub(crate) fn decode_links(data: &[u8]) -> Option<Vec<Vec<u32>>> {
    wincode::deserialize_exact(data).ok()
}

fn encoded<T: wincode::Serialize<Src = T>>(value: &T) -> Vec<u8> {
    // wincode can only fail on a sequence above its 4 MiB limit; every caller cuts at a page.
    wincode::serialize(value).expect("a few KiB of integers can be encoded")
}

/// Decodes `data` as a blob of each kind. The first byte says how many values a vector has. Asserts that each blob that
/// is not refused is consistent. For tests and the fuzz target.
#[cfg(any(test, feature = "fuzzing"))]
pub fn decode_any(data: &[u8]) {
    let Some((&dims, data)) = data.split_first() else { return };
    let dims = 1 + usize::from(dims);
    if let Some(block) = WindowBlock::decode(data, dims) {
        assert_eq!(block.vectors().len(), block.len() * dims);
        let positions: Vec<u32> = (0..block.len()).map(|i| block.position(i)).collect();
        assert_eq!(WindowBlock::encode(&positions, block.vectors()), data);
    }
    if let Some(block) = PostingBlock::decode(data, dims) {
        assert_eq!(block.vectors().len(), block.len() * dims);
        let (tracks, positions): (Vec<u32>, Vec<u32>) =
            (0..block.len()).map(|i| (block.track(i), block.position(i))).unzip();
        assert_eq!(encode_posting(&tracks, &positions, block.vectors()), data);
    }
    if let Some(vectors) = decode_centroids(data) {
        assert_eq!(encode_centroids(vectors), data);
    }
    if let Some(levels) = decode_links(data) {
        assert_eq!(encode_links(&levels), data);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        params::{CURRENT, ParameterSet},
        store::layout::{FIT, FIT_TWICE, Layout},
    };

    /// The example of FORMAT.md that follows the heading `name`, as bytes.
    fn example(name: &str) -> Vec<u8> {
        let text = include_str!("../../schema/FORMAT.md");
        let section = text.split_once(&format!("### {name}\n")).expect("the heading stands in FORMAT.md").1;
        let dump = section.split("```").nth(1).expect("a dump follows the heading");
        let lines = dump.lines().filter_map(|line| line.split_once("  "));
        lines
            .flat_map(|(_, bytes)| bytes.split_whitespace())
            .map(|byte| u8::from_str_radix(byte, 16).expect("two digits of hexadecimal"))
            .collect()
    }

    #[test]
    fn the_documented_bytes_are_the_written_ones() {
        assert_eq!(WindowBlock::encode(&[0, 260], &[1, -1, 127, -128]), example("window_block"));
        assert_eq!(encode_posting(&[7], &[260], &[5, -6]), example("posting"));
        assert_eq!(encode_centroids(&[1, 2, -3, -4]), example("centroid_block"));
        assert_eq!(encode_links(&[vec![1, 2], vec![]]), example("centroid_link"));
    }

    #[test]
    fn a_full_blob_fits_its_page() {
        for dims in [64, 96, 128] {
            let layout = Layout::of(&ParameterSet { window_dims: dims, ..CURRENT });
            let n = layout.windows_per_block;
            assert!(
                (FIT - 100 - dims..=FIT)
                    .contains(&WindowBlock::encode(&vec![0; n], &vec![0; n * dims]).len())
            );
            let n = layout.windows_per_posting;
            let posting = encode_posting(&vec![0; n], &vec![0; n], &vec![0; n * dims]);
            assert!((FIT_TWICE - 8 - dims..=FIT_TWICE).contains(&posting.len()));
            assert!(encode_centroids(&vec![0; layout.centroids_per_block * dims]).len() <= FIT);
            assert!(layout.frames_per_block * layout.frame_bytes <= FIT);
        }
    }

    /// The saved inputs of the fuzz target. The published crate has none, and turns this feature off.
    #[cfg(feature = "unstable")]
    #[test]
    fn what_was_found_by_fuzzing_is_refused_or_consistent() {
        let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/blobs");
        let inputs = std::fs::read_dir(corpus).expect("seeds are kept").map(|entry| entry.unwrap().path());
        assert!(inputs.map(|input| decode_any(&std::fs::read(input).unwrap())).count() > 5);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(rows in prop::collection::vec((any::<u32>(), any::<u32>(), any::<[i8; 6]>()), 0..40)) {
            let tracks: Vec<u32> = rows.iter().map(|row| row.0).collect();
            let positions: Vec<u32> = rows.iter().map(|row| row.1).collect();
            let vectors: Vec<i8> = rows.iter().flat_map(|row| row.2).collect();
            let data = WindowBlock::encode(&positions, &vectors);
            let block = WindowBlock::decode(&data, 6).unwrap();
            prop_assert_eq!(block.vectors(), &vectors[..]);
            prop_assert_eq!((0..block.len()).map(|i| block.position(i)).collect::<Vec<_>>(), positions.clone());
            let data = encode_posting(&tracks, &positions, &vectors);
            let block = PostingBlock::decode(&data, 6).unwrap();
            prop_assert_eq!(block.vectors(), &vectors[..]);
            prop_assert_eq!((0..block.len()).map(|i| block.track(i)).collect::<Vec<_>>(), tracks.clone());
            prop_assert_eq!((0..block.len()).map(|i| block.position(i)).collect::<Vec<_>>(), positions);
            let data = encode_centroids(&vectors);
            prop_assert_eq!(decode_centroids(&data), Some(&vectors[..]));
            let levels: Vec<Vec<u32>> = tracks.chunks(3).map(<[u32]>::to_vec).collect();
            prop_assert_eq!(decode_links(&encode_links(&levels)), Some(levels));
        }

        #[test]
        fn any_bytes_are_refused_or_consistent(data in prop::collection::vec(any::<u8>(), 0..200)) {
            decode_any(&data);
        }

        #[test]
        fn a_cut_or_longer_blob_is_refused(n in 1usize..9, cut in 1usize..200) {
            let data = encode_posting(&vec![1; n], &vec![2; n], &vec![3; n * 4]);
            let short = data.len().saturating_sub(cut);
            prop_assert!(PostingBlock::decode(&data[..short], 4).is_none());
            let mut long = data;
            long.push(0);
            prop_assert!(PostingBlock::decode(&long, 4).is_none());
        }
    }
}
