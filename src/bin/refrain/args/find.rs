//! Arguments of the commands that search folders.
use clap::Args;
use refrain::ScanOptions;

/// How folders are looked through.
#[derive(Debug, Args)]
pub struct FindArgs {
    /// Do not follow symbolic links in folders
    #[arg(long)]
    pub no_follow: bool,
    /// Include hidden files and folders
    #[arg(long)]
    pub hidden: bool,
    /// Read folders up to N levels deep; with 1, read the folder that you name, but no folders inside it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_depth: Option<u32>,
}

impl From<&FindArgs> for ScanOptions {
    fn from(args: &FindArgs) -> Self {
        Self::default()
            .follow_links(!args.no_follow)
            .hidden(args.hidden)
            .max_depth(args.max_depth.map(|depth| depth as usize))
    }
}
