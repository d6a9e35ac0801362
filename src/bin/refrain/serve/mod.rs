//! `refrain serve`: a page in the browser and an HTTP API, in one process.
//!
//! `accept` takes connections and lets go of them. `service` gives each request to the `guard`, which decides who may ask,
//! and then to the handler of its address; `openapi` lists the addresses. Handlers read what is `asked`, receive an `upload`,
//! and let the `pool` do the work, so that the threads of the network always have time.
mod accept;
mod app;
mod asked;
mod audio;
mod body;
mod builds;
mod change;
pub mod check;
mod connections;
mod cover;
mod decoded;
mod decoding;
mod duplicates;
mod explain;
mod failure;
mod figures;
mod form;
mod guard;
mod health;
mod info;
mod jobs;
mod limits;
mod lines;
mod metrics;
mod openapi;
mod page;
mod playable;
mod pool;
mod query;
mod range;
mod schemas;
mod scrape;
mod service;
mod session;
mod spool;
mod timeline;
mod token;
mod tracks;
mod upload;
mod versions;

use std::{
    net::SocketAddr,
    sync::{Arc, mpsc},
    time::Duration,
};

use anyhow::Context;
use refrain::{Ffmpeg, Index};
use tokio::{net::TcpListener, runtime, sync::watch, time::timeout};

use app::App;
use connections::{Connections, Phase};
use guard::Guard;
pub use limits::Limits;
use pool::Pool;
pub use token::Token;

/// How long requests are still taken once the server is asked to end, so that none is lost that is on its way.
const LAST_CALL: Duration = Duration::from_millis(300);

/// Threads of the network. They never touch audio.
const THREADS: usize = 2;

/// How long work may take to notice that it was cancelled.
const LAST_WORK: Duration = Duration::from_secs(3);

/// What to serve, where, and to whom.
pub struct Settings {
    pub address: SocketAddr,
    pub names: Vec<String>,
    pub secret: Option<Token>,
    pub allow_paths: bool,
    pub limits: Limits,
    pub ffmpeg: Ffmpeg,
}

/// Serves `index` until `stop` says so. Calls `ready` with the address once it listens.
pub fn run(
    index: Index,
    settings: Settings,
    stop: mpsc::Receiver<()>,
    ready: impl FnOnce(SocketAddr) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(THREADS)
        .max_blocking_threads(8)
        .thread_name("refrain-net")
        .enable_all()
        .build()
        .context("cannot start threads")?;
    let app = runtime.block_on(served(index, settings, stop, ready))?;
    runtime.shutdown_timeout(LAST_WORK);
    // Without other users of it, the index closes in order.
    match Arc::into_inner(app) {
        Some(app) => Ok(app.index.close()?),
        None => Ok(()),
    }
}

async fn served(
    index: Index,
    settings: Settings,
    stop: mpsc::Receiver<()>,
    ready: impl FnOnce(SocketAddr) -> anyhow::Result<()>,
) -> anyhow::Result<Arc<App>> {
    let Settings { address, names, secret, allow_paths, limits, ffmpeg } = settings;
    let listener = TcpListener::bind(address).await;
    let listener = listener.with_context(|| format!("cannot listen at {address}; choose another --port"))?;
    let address = listener.local_addr()?;
    let app = Arc::new(App {
        index,
        guard: Guard::new(address, &names, secret)?,
        pool: Pool::new(&limits),
        connections: Connections::new(limits.connections),
        metrics: metrics::Metrics::new(),
        builds: jobs::Builds::default(),
        decoded: decoded::DecodedFiles::default(),
        spool: Arc::default(),
        limits,
        ffmpeg,
        allow_paths,
        phase: watch::Sender::new(Phase::Serving),
        counted: 0.into(),
    });
    app.count_tracks();
    let router = openapi::router(&app);
    ready(address)?;
    let waiter = {
        let app = Arc::clone(&app);
        async move {
            let _ = tokio::task::spawn_blocking(move || stop.recv()).await;
            app.phase.send_replace(Phase::Draining);
            tokio::join!(app.builds.end(), tokio::time::sleep(LAST_CALL));
            app.phase.send_replace(Phase::Closing);
            tokio::time::sleep(limits::GRACE).await;
            app.pool.end();
            tokio::time::sleep(LAST_WORK).await;
        }
    };
    tokio::select! {
        () = accept::serve(&app, &router, listener) => {}
        () = waiter => {}
    }
    app.pool.end();
    // Work that was cancelled lets go of the index.
    let _ = timeout(LAST_WORK, async {
        drop(router);
        while Arc::strong_count(&app) > 1 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    Ok(app)
}
