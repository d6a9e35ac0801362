//! How the tracks of several files are numbered.
//!
//! The numbers of one file follow those of the file before, so the order of all tracks is the order of the files, then of the
//! ids: the order that the tracks have once the files are merged. Each file has an equal share of the numbers. So a build
//! that adds tracks meanwhile changes no number.
use crate::store::TrackId;

/// The numbers of the tracks of so many files.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Numbers {
    /// How many numbers each file has.
    each: u64,
}

impl Numbers {
    pub fn of(files: usize) -> Self {
        Self { each: (1 << 32) / files.max(1) as u64 }
    }

    /// The number of track 0 of a file.
    pub fn first(self, file: usize) -> u32 {
        (file as u64 * self.each) as u32
    }

    /// Whether a track of a file has a number.
    pub fn has(self, id: TrackId) -> bool {
        u64::from(id.0) < self.each
    }

    /// The file of a track, and its id there.
    pub fn place(self, number: TrackId) -> (usize, TrackId) {
        let number = u64::from(number.0);
        ((number / self.each) as usize, TrackId((number % self.each) as u32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_file_keeps_its_ids() {
        for id in [0, 1, 77, u32::MAX] {
            assert_eq!(Numbers::of(1).place(TrackId(id)), (0, TrackId(id)));
        }
        assert_eq!(Numbers::of(1).first(0), 0);
    }

    #[test]
    fn every_track_has_a_number_of_its_own_in_order_of_files_then_ids() {
        for files in [2, 3, 7, 1000] {
            let numbers = Numbers::of(files);
            let mut last = None;
            for file in 0..files {
                for id in [0, 1, 500, 4_000_000] {
                    assert!(numbers.has(TrackId(id)));
                    let number = numbers.first(file) + id;
                    assert_eq!(numbers.place(TrackId(number)), (file, TrackId(id)));
                    assert!(last < Some(number), "{files} files");
                    last = Some(number);
                }
            }
            assert!(!numbers.has(TrackId(u32::MAX)));
        }
    }
}
