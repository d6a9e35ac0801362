//! Records in many buckets: in memory up to a limit, in a temporary file beyond it.
use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    mem,
};

use crate::error::{Error, Result};

/// Records that are sorted into buckets and read bucket after bucket. A record has no size of its own: the buckets keep bytes.
#[derive(Debug)]
pub struct Buckets {
    held: Vec<Vec<u8>>,
    /// Bytes in memory, and the most of them.
    size: usize,
    limit: usize,
    file: Option<File>,
    /// Where each bucket's bytes are in the file: start and length.
    written: Vec<Vec<(u64, usize)>>,
    end: u64,
}

impl Buckets {
    /// So many empty buckets that hold about `limit` bytes in memory.
    pub fn new(count: usize, limit: usize) -> Self {
        Self {
            held: vec![Vec::new(); count],
            size: 0,
            limit,
            file: None,
            written: vec![Vec::new(); count],
            end: 0,
        }
    }

    /// How many buckets there are.
    pub fn count(&self) -> usize {
        self.held.len()
    }

    /// Adds bytes to a bucket.
    ///
    /// # Errors
    /// [`Error::Io`] if the temporary file cannot be written.
    pub fn push(&mut self, bucket: usize, record: &[u8]) -> Result<()> {
        self.held[bucket].extend_from_slice(record);
        self.size += record.len();
        if self.size > self.limit { self.write().map_err(temporary) } else { Ok(()) }
    }

    /// Takes all bytes of a bucket, in the order in which they were added.
    ///
    /// # Errors
    /// [`Error::Io`] if the temporary file cannot be read.
    pub fn take(&mut self, bucket: usize) -> Result<Vec<u8>> {
        let held = mem::take(&mut self.held[bucket]);
        self.size -= held.len();
        let written = mem::take(&mut self.written[bucket]);
        let Some(file) = self.file.as_mut().filter(|_| !written.is_empty()) else { return Ok(held) };
        let mut bytes =
            Vec::with_capacity(written.iter().map(|(_, length)| length).sum::<usize>() + held.len());
        for (start, length) in written {
            let from = bytes.len();
            bytes.resize(from + length, 0);
            let read = file.seek(SeekFrom::Start(start)).and_then(|_| file.read_exact(&mut bytes[from..]));
            read.map_err(temporary)?;
        }
        bytes.extend_from_slice(&held);
        Ok(bytes)
    }

    /// Moves what is in memory to the file.
    fn write(&mut self) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        file.seek(SeekFrom::Start(self.end))?;
        for (held, written) in
            self.held.iter_mut().zip(&mut self.written).filter(|(held, _)| !held.is_empty())
        {
            file.write_all(held)?;
            written.push((self.end, held.len()));
            self.end += held.len() as u64;
            held.clear();
        }
        self.size = 0;
        Ok(())
    }
}

fn temporary(source: io::Error) -> Error {
    Error::Io { path: std::env::temp_dir(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_give_back_what_they_got_whether_in_memory_or_in_the_file() {
        for limit in [0, 7, 100, 1 << 20] {
            let mut random = fastrand::Rng::with_seed(limit as u64);
            let mut buckets = Buckets::new(5, limit);
            let mut model = vec![Vec::new(); 5];
            for _ in 0..3 {
                for _ in 0..200 {
                    let (bucket, length) = (random.usize(..5), random.usize(..9));
                    let record: Vec<u8> = (0..length).map(|_| random.u8(..)).collect();
                    buckets.push(bucket, &record).unwrap();
                    model[bucket].extend_from_slice(&record);
                    assert!(
                        buckets.size <= limit
                            && buckets.held.iter().map(Vec::len).sum::<usize>() == buckets.size
                    );
                }
                for bucket in [3, 0, 4] {
                    assert_eq!(buckets.take(bucket).unwrap(), mem::take(&mut model[bucket]), "limit {limit}");
                }
            }
            assert_eq!(buckets.file.is_some(), limit < 1000);
        }
    }
}
