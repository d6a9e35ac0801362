//! Arguments of `refrain serve`.
use std::{net::IpAddr, path::PathBuf};

use clap::Args;

use super::{bytes::bytes, ffmpeg::FfmpegArgs};

/// Where to listen, who may ask, and how much.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Use this network port; with 0, refrain uses any free port
    #[arg(long, value_name = "PORT", default_value_t = 8333)]
    pub port: u16,
    /// Answer requests at this network address; all addresses except 127.0.0.1 and ::1 need a token
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub bind: IpAddr,
    /// Require a token (a password), read from this file or from the variable REFRAIN_TOKEN
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Also answer requests to this host name, such as nas.local:8333; repeat the option for more names
    #[arg(long = "host", value_name = "NAME")]
    pub hosts: Vec<String>,
    /// Accept requests that give paths of files and folders on this computer
    #[arg(long)]
    pub allow_paths: bool,
    #[command(flatten)]
    pub limits: LimitArgs,
    #[command(flatten)]
    pub ffmpeg: FfmpegArgs,
    /// Only check whether a server answers at the address and port, then exit
    #[arg(long)]
    pub check: bool,
    /// Print errors only
    #[arg(long, short)]
    pub quiet: bool,
}

/// How much one request, and all of them, may take.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Limits")]
pub struct LimitArgs {
    /// Refuse uploads that are larger than this size
    #[arg(long, value_name = "SIZE", value_parser = bytes, default_value = "200M")]
    pub max_upload: u64,
    /// Refuse clips that are longer than this many seconds
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..), default_value_t = 1200)]
    pub max_clip: u32,
    /// For timelines, refuse recordings that are longer than this many seconds
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..), default_value_t = 86_400)]
    pub max_recording: u32,
    /// Refuse audio with more channels than this number
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..), default_value_t = 8)]
    pub max_channels: u16,
    /// End a query that takes longer than this many seconds
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..), default_value_t = 60)]
    pub max_time: u32,
    /// Take at most this many seconds to make a timeline or to search for duplicates
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..), default_value_t = 3600)]
    pub max_long_time: u32,
    /// Answer N requests at the same time [default: one for each processor core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub queries: Option<u16>,
    /// Run up to N slow searches at the same time, such as searches at other pitches and speeds
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024), default_value_t = 1)]
    pub slow_queries: u16,
    /// Let at most N requests wait for their turn, and refuse further requests
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(0..=4096), default_value_t = 32)]
    pub queue: u16,
    /// Allow at most N open connections
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(8..), default_value_t = 512)]
    pub connections: u16,
}
