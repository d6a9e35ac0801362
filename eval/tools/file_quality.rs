//! Measures how good files sound: `file_quality FIRST OTHER...`
//!
//! Prints a JSON document a line: what is measured of each file, and whether the rule `quality` calls it better or worse than the
//! first one, or alike.
use std::{env, error::Error, fs, path::Path};

use refrain::{
    Audio,
    duplicates::{Facts, Rule, compare, is_lossless},
    quality::measure,
};
use serde_json::json;

fn facts(path: &Path) -> Result<Facts, Box<dyn Error>> {
    let seconds = Audio::about_duration(path).map_or(0.0, |length| length.0);
    Ok(Facts {
        // No path decides.
        lossless: is_lossless(path),
        bit_rate: fs::metadata(path)?.len() as f64 * 8.0 / seconds.max(0.001),
        quality: Some(measure(path)?),
        ..Facts::default()
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let paths: Vec<String> = env::args().skip(1).collect();
    let first = facts(Path::new(paths.first().ok_or("name files")?))?;
    for path in paths {
        let other = facts(Path::new(&path))?;
        let verdict = match compare(&[Rule::Quality], &first, &other) {
            std::cmp::Ordering::Less => "worse",
            std::cmp::Ordering::Equal => "alike",
            std::cmp::Ordering::Greater => "better",
        };
        println!("{}", json!({"path": path, "quality": other.quality, "verdict": verdict}));
    }
    Ok(())
}
