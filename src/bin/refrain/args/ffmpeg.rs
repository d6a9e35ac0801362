//! Whether ffmpeg may help.
use std::{env, ffi::OsStr, path::Path};

use clap::{
    Args,
    builder::{OsStringValueParser, TypedValueParser},
};
use refrain::Ffmpeg;

/// The variable that sets what the option sets.
const VARIABLE: &str = "REFRAIN_FFMPEG";

/// Whether ffmpeg may help.
#[derive(Debug, Args)]
pub struct FfmpegArgs {
    /// Choose the ffmpeg that decodes WMA, WavPack and other formats that refrain cannot decode: the path of a program, `auto` for
    /// an installed ffmpeg, or `never` for none
    #[arg(long, env = VARIABLE, value_name = "auto|never|PATH", value_parser = parser(), default_value = "auto")]
    pub ffmpeg: Ffmpeg,
}

impl FfmpegArgs {
    /// What the environment says.
    pub fn of_environment() -> Result<Self, String> {
        Ok(Self { ffmpeg: of(&env::var_os(VARIABLE).unwrap_or_default())? })
    }
}

fn parser() -> impl TypedValueParser<Value = Ffmpeg> {
    OsStringValueParser::new().try_map(|text| of(&text))
}

fn of(text: &OsStr) -> Result<Ffmpeg, String> {
    match text.to_str() {
        // A variable that is set to nothing is as good as none.
        Some("auto" | "") => Ok(Ffmpeg::auto()),
        Some("never") => Ok(Ffmpeg::never()),
        _ if Path::new(text).is_file() => Ok(Ffmpeg::at(text)),
        _ => Err("there is no program at this path; give `auto`, `never` or the path of ffmpeg".to_owned()),
    }
}
