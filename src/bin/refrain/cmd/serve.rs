//! `refrain serve`
use std::{
    io::{self, Write},
    net::SocketAddr,
    process::ExitCode,
};

use refrain::Index;

use crate::{
    args::ServeArgs,
    db, messages,
    serve::{self, Limits, Settings, Token},
    stop,
};

/// Serves until it is asked to end. Exit 0 then.
pub fn run(args: &ServeArgs) -> anyhow::Result<ExitCode> {
    let address = SocketAddr::new(args.bind, args.port);
    if args.check {
        serve::check::check(address)?;
        return Ok(ExitCode::SUCCESS);
    }
    let secret = Token::given(args.token_file.as_deref())?;
    anyhow::ensure!(
        address.ip().is_loopback() || secret.is_some(),
        "other computers need a token; put a token into a file and name the file with --token-file, or put the token \
         into REFRAIN_TOKEN"
    );
    let stop = stop::told();
    let index = Index::open_to_write(db::path()?)?;
    super::warn_if_empty(&index)?;
    let settings = Settings {
        address,
        names: args.hosts.clone(),
        secret,
        allow_paths: args.allow_paths,
        limits: Limits::from(&args.limits),
        ffmpeg: args.ffmpeg.ffmpeg.clone(),
    };
    serve::run(index, settings, stop, |address| {
        let mut out = io::stdout().lock();
        writeln!(out, "http://{address}/")?;
        out.flush()?;
        if !args.quiet {
            messages::say("press Ctrl-C to end");
        }
        Ok(())
    })?;
    Ok(ExitCode::SUCCESS)
}
