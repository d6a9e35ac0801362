//! The part of the Python package `refrain` that is Rust: thin functions over the library, called by the modules in
//! `python/refrain`, which have the parameters and the documentation that users see.
//!
//! Whatever takes long runs detached from the interpreter. Samples are read where NumPy has them; results become arrays
//! without a copy.
mod analyze;
mod arrays;
mod audio;
mod duplicates;
mod errors;
mod fork;
mod index;
mod inside;
mod interrupt;
mod listener;
mod load;
mod options;
mod records;
mod scratch;
mod shard;
mod shards;
mod transforms;
mod versions;

#[pyo3::pymodule]
mod _refrain {
    #[pymodule_export]
    use super::{
        analyze::{analyze, analyze_audio, chroma_frames, fingerprint, unpack_frames},
        index::Index,
        listener::Listener,
        load::load,
        shard::Shard,
        shards::{
            centroids, contents, extensions, merge_as, sample_windows, scan, set_centroids, train_centroids,
        },
        transforms::{
            chroma_cqt, chroma_stft, chroma_stft_of, cqt, estimate_tuning, estimate_tuning_of, hpss,
            hpss_masks, istft, magnitudes, pyin, stft, yin,
        },
    };

    #[pymodule_init]
    fn init(_module: &pyo3::Bound<'_, pyo3::types::PyModule>) -> pyo3::PyResult<()> {
        super::fork::loaded();
        // The module has a copy of Rust's standard library of its own, so that this hook is no other program's.
        refrain::silence_decoder_panics();
        Ok(())
    }

    /// The version of the library.
    #[pymodule_export]
    #[allow(non_upper_case_globals)]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
