//! Generates `include/refrain.h` from the sources: `cargo run -p refrain-header` writes it, `-- --check` compares it.
use std::{env, error::Error, fs, path::Path, process::ExitCode};

/// The sources, in the order of the header.
const SOURCES: &[&str] = &[
    "code",
    "messages",
    "cancel",
    "index",
    "build",
    "tags",
    "add",
    "query",
    "answer",
    "listen",
    "timeline",
    "plays",
    "versions",
    "performances",
    "similar",
    "tracks",
    "maintain",
    "duplicates",
    "analyze",
    "cqt",
    "hpss",
    "yin",
];

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("no folder above")?;
    let made = header(package)?;
    if let Some(name) = forgotten(package, &made)? {
        eprintln!("{name} is not in the header: name its file in bindings/c/header/src/main.rs");
        return Ok(ExitCode::FAILURE);
    }
    let file = package.join("include/refrain.h");
    if !env::args().any(|arg| arg == "--check") {
        fs::write(&file, made)?;
    } else if fs::read_to_string(&file)? != made {
        eprintln!("{} does not match the sources: run `cargo run -p refrain-header`", file.display());
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

fn header(package: &Path) -> Result<String, Box<dyn Error>> {
    let mut config = cbindgen::Config::from_file(package.join("cbindgen.toml"))?;
    let manifest = fs::read_to_string(package.join("Cargo.toml"))?;
    let version = manifest.lines().find_map(|line| line.strip_prefix("version = \"")?.strip_suffix('"'));
    let version = version.ok_or("no version in Cargo.toml")?;
    config.after_includes = config.after_includes.map(|text| text.replace("@VERSION@", version));
    let mut builder = cbindgen::Builder::new().with_config(config);
    for source in SOURCES {
        builder = builder.with_src(package.join(format!("src/{source}.rs")));
    }
    let mut made = Vec::new();
    builder.generate()?.write(&mut made);
    Ok(String::from_utf8(made)?)
}

/// Returns a function that C can call but that the header lacks.
fn forgotten(package: &Path, made: &str) -> Result<Option<String>, Box<dyn Error>> {
    for entry in fs::read_dir(package.join("src"))? {
        let text = fs::read_to_string(entry?.path())?;
        for part in text.split("extern \"C\" fn ").skip(1) {
            let name = part.split('(').next().unwrap_or(part);
            if !made.contains(&format!("{name}(")) {
                return Ok(Some(name.to_owned()));
            }
        }
    }
    Ok(None)
}
