//! Taking inputs apart, and from the disk.
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The bytes of an input, taken from the front. What is missing at the end is 0.
pub struct Input<'a>(pub &'a [u8]);

impl<'a> Input<'a> {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next `count` bytes, or as many as are left.
    pub fn bytes(&mut self, count: usize) -> &'a [u8] {
        let (taken, left) = self.0.split_at(count.min(self.0.len()));
        self.0 = left;
        taken
    }

    /// The next `N` bytes as a little-endian number, `N` at most 8.
    pub fn number<const N: usize>(&mut self) -> u64 {
        let mut number = [0; 8];
        let taken = self.bytes(N);
        number[..taken.len()].copy_from_slice(taken);
        u64::from_le_bytes(number)
    }

    pub fn byte(&mut self) -> u8 {
        self.number::<1>() as u8
    }

    /// A number below `end`, which is at least 1.
    pub fn below(&mut self, end: usize) -> usize {
        self.number::<4>() as usize % end
    }
}

/// The path of a file in `fuzz/base`, whichever crate this is compiled into.
pub fn base(name: &str) -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let fuzz = if here.ends_with("fuzz") { here.to_owned() } else { here.join("fuzz") };
    fuzz.join("base").join(name)
}

/// Runs every file, and every file in every folder, of `paths`, saying which.
pub fn replay(paths: impl IntoIterator<Item = impl Into<PathBuf>>, run: impl Fn(&[u8])) -> io::Result<()> {
    for path in paths {
        for file in inputs(&path.into())? {
            eprintln!("{}", file.display());
            run(&fs::read(file)?);
        }
    }
    Ok(())
}

/// The file `path`, or the files of that folder in order.
pub fn inputs(path: &Path) -> io::Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    files.retain(|file| file.is_file());
    files.sort();
    Ok(files)
}
