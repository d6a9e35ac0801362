//! The way to the other shards.

/// The way to the other shards.
pub trait Ask {
    /// Sends each request to the shard with that number, all at once, without waiting for the replies.
    ///
    /// # Errors
    /// Why a shard cannot be reached, in words.
    fn send(&self, requests: Vec<(usize, Vec<u8>)>) -> std::result::Result<Box<dyn Waiting + '_>, String>;
}

/// Requests that are on their way.
pub trait Waiting {
    /// Waits for the replies, and returns them in the order of the requests.
    ///
    /// # Errors
    /// Why a shard did not reply, in words.
    fn replies(self: Box<Self>) -> std::result::Result<Vec<Vec<u8>>, String>;
}
