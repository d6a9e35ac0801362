//! `refrain duplicates --trash`, `--move`, `--hardlink`, `--reflink`, `--delete` and `undo`, on the real binary: nothing is lost,
//! whatever happens in between.
mod actions;
mod afterwards;
mod asked;
#[cfg(target_os = "linux")]
mod disks;
mod killed;
mod left_alone;
mod library;
