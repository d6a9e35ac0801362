//! One shard of a library that many machines hold.
//!
//! Each machine opens its index files as [`Shard`]s. One of the shards answers a query for all, in two rounds: it asks every
//! shard for the windows nearest to those of the clip, which gives candidates, and then those that hold the candidates for
//! their frames. It aligns them, weighs rivals and scores, so the answer is the one that a single file with all tracks gives.
//! How messages reach the other shards is the program's business: they are bytes ([`Ask`]).
//!
//! | file | |
//! |---|---|
//! | `handle` | the handle that programs hold |
//! | `ask` | the way to the other shards |
//! | `facts` | what shards tell about themselves, and what follows for all |
//! | `message`, `wire` | requests and replies as bytes |
//! | `reply` | what a shard replies to a request |
//! | `remote` | all shards as one library |
pub(crate) mod ask;
mod facts;
pub(crate) mod handle;
mod message;
mod remote;
mod reply;
#[cfg(all(test, feature = "decode"))]
mod tests;
mod wire;
