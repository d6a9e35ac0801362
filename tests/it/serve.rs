//! `refrain serve`, over real connections.
mod attacks;
mod builds;
mod client;
mod end;
mod media;
mod plain;
mod server;
mod versions;
