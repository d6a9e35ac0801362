//! The data of frames: that of one may begin in frames before it.

/// Zeros after the data, so that reading past its end needs no second look.
const PADDING: usize = 8;

/// Keeps what the frames before have left.
#[derive(Default)]
pub(super) struct Reservoir {
    bytes: Vec<u8>,
    /// How many of them are data.
    len: usize,
}

impl Reservoir {
    /// Adds a frame's bytes. Its data begins `back` bytes before them; returns how many of these are missing.
    pub(super) fn add(&mut self, bytes: &[u8], back: usize) -> usize {
        let have = back.min(self.len);
        self.bytes.truncate(self.len);
        self.bytes.drain(..self.len - have);
        self.bytes.extend_from_slice(bytes);
        self.len = self.bytes.len();
        self.bytes.extend([0; PADDING]);
        back - have
    }

    /// The data from the beginning that [`add`](Self::add) was told, with zeros after it, and its length without these.
    pub(super) fn data(&self) -> (&[u8], usize) {
        (&self.bytes, self.len)
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.len = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_begins_in_frames_before() {
        let mut reservoir = Reservoir::default();
        assert_eq!(reservoir.add(b"abcd", 2), 2, "nothing was before");
        assert_eq!(reservoir.data(), (&b"abcd\0\0\0\0\0\0\0\0"[..], 4));
        assert_eq!(reservoir.add(b"ef", 3), 0);
        assert_eq!(reservoir.data(), (&b"bcdef\0\0\0\0\0\0\0\0"[..], 5));
        assert_eq!(reservoir.add(b"", 5), 0, "a frame may have no bytes of its own");
        assert_eq!(reservoir.add(b"g", 511), 506);
        assert_eq!(reservoir.data().1, 6);
        reservoir.clear();
        assert_eq!(reservoir.add(b"h", 1), 1);
        assert_eq!(reservoir.data(), (&b"h\0\0\0\0\0\0\0\0"[..], 1));
    }
}
