//! What the fuzz targets do with the bytes that they are given. Each `run` returns, whatever these are, or panics: that
//! is a finding. refrain's own tests are built with these modules too, and play the kept inputs through them.
pub mod answer;
pub mod containers;
pub mod decode;
pub mod index;
pub mod input;
pub mod opus;
pub mod panics;
pub mod query;
pub mod tags;

/// The entry point of a target: libFuzzer's where that drives it, or a `main` that runs files and folders of inputs.
#[macro_export]
macro_rules! target {
    ($run:path) => {
        #[cfg(fuzzing)]
        libfuzzer_sys::fuzz_target!(init: $crate::panics::spare_decoders(), |data: &[u8]| $run(data));

        #[cfg(not(fuzzing))]
        fn main() -> std::io::Result<()> {
            $crate::input::replay(std::env::args_os().skip(1), $run)
        }
    };
}
