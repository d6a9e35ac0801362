//! Which process holds an index file. Asks the system about locks by inode, because the file must not be opened a
//! second time: closing that handle would drop SQLite's locks.
use std::path::Path;

use crate::error::Holder;

/// The process that is writing to the index at `path`, if the system tells. Only Linux does.
pub(super) fn writer(path: &Path) -> Option<Holder> {
    #[cfg(target_os = "linux")]
    return linux::writer(path);
    #[cfg(not(target_os = "linux"))]
    return {
        let _ = path;
        None
    };
}

#[cfg(target_os = "linux")]
mod linux {
    use std::{fs, ops::RangeInclusive, os::unix::fs::MetadataExt, path::Path};

    use crate::{error::Holder, store::beside};

    /// The bytes of a `-shm` file and of a database that a writer locks, as in SQLite's `wal.c` and `os.h`.
    const SHARED_MEMORY: RangeInclusive<u64> = 120..=120;
    const DATABASE: RangeInclusive<u64> = 0x4000_0000..=0x4000_0001;

    pub(super) fn writer(path: &Path) -> Option<Holder> {
        let locks = fs::read_to_string("/proc/locks").ok()?;
        let of = |file: &Path, bytes| {
            let meta = fs::metadata(file).ok()?;
            holder(&locks, &inode(meta.dev(), meta.ino()), bytes)
        };
        let pid = of(&beside::name(path, "-shm"), SHARED_MEMORY).or_else(|| of(path, DATABASE))?;
        let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        Some(Holder { pid, name: name.trim_end().to_owned() })
    }

    /// A file as `/proc/locks` names it.
    fn inode(dev: u64, ino: u64) -> String {
        let major = (dev >> 8 & 0xfff) | (dev >> 32 & !0xfff);
        let minor = (dev & 0xff) | (dev >> 12 & !0xff);
        format!("{major:02x}:{minor:02x}:{ino}")
    }

    /// The process that holds a write lock on some of the `bytes` of a file.
    fn holder(locks: &str, inode: &str, bytes: RangeInclusive<u64>) -> Option<u32> {
        locks.lines().find_map(|line| {
            // `1: POSIX  ADVISORY  WRITE 4711 fe:00:1234 120 120`; a lock that waits has `->` after its number.
            let fields: Vec<&str> = line.split_whitespace().collect();
            let [_, "POSIX", _, "WRITE", pid, of, from, to] = fields[..] else { return None };
            let to = if to == "EOF" { u64::MAX } else { to.parse().ok()? };
            let locked = from.parse::<u64>().ok()?..=to;
            let held = of == inode && locked.start() <= bytes.end() && bytes.start() <= locked.end();
            // 0 is a process that is not visible from here, for example from within a container.
            pid.parse().ok().filter(|&pid| held && pid != 0)
        })
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn the_writer_is_found_among_other_locks() {
            let locks = "1: FLOCK  ADVISORY  WRITE 2016 fe:00:77 0 EOF\n\
                         2: POSIX  ADVISORY  READ 631 fe:00:77 120 120\n\
                         2: -> POSIX  ADVISORY  WRITE 632 fe:00:77 120 120\n\
                         3: POSIX  ADVISORY  WRITE 0 fe:00:77 120 120\n\
                         4: POSIX  ADVISORY  WRITE 633 fe:00:77 121 128\n\
                         5: POSIX  ADVISORY  WRITE 634 fe:00:78 120 120\n\
                         6: POSIX  ADVISORY  WRITE 635 fe:00:77 119 EOF\n";
            assert_eq!(holder(locks, "fe:00:77", SHARED_MEMORY), Some(635));
            assert_eq!(holder(locks, "fe:00:78", SHARED_MEMORY), Some(634));
            assert_eq!(holder(locks, "fe:00:79", SHARED_MEMORY), None);
            assert_eq!(holder(locks, "fe:00:78", DATABASE), None);
            assert_eq!(inode(0xfe00, 77), "fe:00:77");
            assert_eq!(inode(0x10_3a12, 5), "3a:112:5", "a device of more than 8 bits");
        }
    }
}
