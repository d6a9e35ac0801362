//! The handle that programs hold, [`Index`](handle::Index), with one file for each kind of call.
pub(crate) mod add;
#[cfg(feature = "decode")]
pub(crate) mod build;
mod centroids;
pub(crate) mod connections;
mod duplicate_choice;
mod duplicate_filter;
pub(crate) mod duplicates;
#[cfg(feature = "explain")]
pub(crate) mod explain;
#[cfg(feature = "explain")]
mod explained_version;
pub(crate) mod handle;
pub(crate) mod info;
pub(crate) mod maintain;
#[cfg(feature = "decode")]
mod measure;
pub(crate) mod merge;
#[cfg(all(test, feature = "decode"))]
mod model;
pub(crate) mod newcomers;
pub(crate) mod options;
mod paths;
pub(crate) mod query;
#[cfg(all(test, feature = "decode"))]
mod rayon_tasks;
pub(crate) mod relocate;
pub(crate) mod remove;
pub(crate) mod select;
mod several;
#[cfg(all(test, feature = "decode"))]
mod tests;
pub(crate) mod timeline;
pub(crate) mod verify;
pub(crate) mod versions;
