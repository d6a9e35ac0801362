//! Measures how long it takes to tell whether a new track is in the library already.
//!
//! `newcomer_times INDEX [N]` looks up the last N tracks of INDEX (20) among the others, after one call that reads what all
//! calls need, and prints the seconds for each.
use std::{path::Path, time::Instant};

use refrain::{CancelToken, Index, TrackId};

fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let path = args.next().unwrap_or_default();
    let count: u32 = args.next().map_or(Ok(20), |n| n.parse())?;
    let index = Index::open(Path::new(&path))?;
    let last = index.last_track()?.0;
    let mut took = Vec::new();
    for n in [1, 1, count] {
        let began = Instant::now();
        let found = index.newcomers(TrackId(last.saturating_sub(n)), &CancelToken::new())?;
        took.push(began.elapsed().as_secs_f64());
        println!("{n} of {last} tracks: {:.3} s, {} known", took[took.len() - 1], found.len());
    }
    let each = (took[2] - took[1]) / f64::from(count.saturating_sub(1).max(1));
    println!("{each:.3} s for each further track");
    Ok(())
}
