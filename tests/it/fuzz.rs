//! Runs the saved inputs of the fuzz targets: the seeds, and inputs that found a fault.
use std::path::Path;

#[path = "../../fuzz/src/lib.rs"]
#[expect(dead_code, reason = "libFuzzer alone needs to know which panics are findings")]
mod targets;

/// Runs all inputs of a target. The target `blobs` is left to the library's own tests, because its function is private.
fn replay(target: &str, run: impl Fn(&[u8]), least: usize) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    assert!(targets::input::inputs(&corpus).unwrap().len() >= least);
    targets::input::replay([corpus], run).unwrap();
}

#[test]
fn inputs_of_containers() {
    replay("containers", targets::containers::run, 12);
}

#[test]
fn inputs_of_decode() {
    replay("decode", targets::decode::run, 20);
}

#[test]
fn inputs_of_opus() {
    replay("opus", targets::opus::run, 12);
}

#[test]
fn inputs_of_tags() {
    replay("tags", targets::tags::run, 10);
}

#[test]
fn inputs_of_index() {
    replay("index", targets::index::run, 50);
}

#[test]
fn inputs_of_query() {
    replay("query", targets::query::run, 8);
}
