//! Connections: how many there are, and which one ends if there are too many.
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::sync::Notify;

/// How far the server is on its way to the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    Serving,
    /// Requests are answered, each with the word that the connection ends.
    Draining,
    /// Connections end as soon as they have nothing to do.
    Closing,
}

/// All open connections, oldest first.
pub struct Connections {
    open: Mutex<BTreeMap<u64, Arc<Connection>>>,
    most: usize,
}

/// An open connection.
#[derive(Default)]
pub struct Connection {
    /// Requests that must not be broken off.
    busy: AtomicUsize,
    pub end: Notify,
}

/// A request that must not be broken off.
pub struct Busy(Arc<Connection>);

impl Busy {
    pub fn new(connection: &Arc<Connection>) -> Self {
        connection.busy.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(connection))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.busy.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Connections {
    pub fn new(most: usize) -> Self {
        Self { open: Mutex::default(), most }
    }

    pub fn count(&self) -> usize {
        self.open().len()
    }

    fn open(&self) -> std::sync::MutexGuard<'_, BTreeMap<u64, Arc<Connection>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a connection. If there are too many, the oldest that has nothing to do ends.
    pub fn add(&self, number: u64) -> Option<Arc<Connection>> {
        let mut open = self.open();
        if open.len() >= self.most {
            let idle = open.iter().find(|(_, one)| one.busy.load(Ordering::Relaxed) == 0);
            let idle = idle.map(|(&number, _)| number)?;
            open.remove(&idle)?.end.notify_one();
        }
        let connection = Arc::new(Connection::default());
        open.insert(number, Arc::clone(&connection));
        Some(connection)
    }

    /// A connection has ended.
    pub fn remove(&self, number: u64) {
        self.open().remove(&number);
    }
}
