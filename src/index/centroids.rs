//! Calls that give several index files the same centroids.
use super::{handle::Index, options::MaintainOptions};
#[cfg(doc)]
use crate::error::{Error, IndexError};
use crate::{
    ann::{self, Built, Centroids},
    error::Result,
};

impl Index {
    /// The centroids of the neighbour index, if there is one.
    ///
    /// # Errors
    /// [`Error::Index`] if the file cannot be read, or if it has other centroids than it was given.
    pub fn centroids(&self) -> Result<Option<Centroids>> {
        ann::centroids(&*self.only()?.reader()?)
    }

    /// Gives the index these centroids, as a part of a library that lies in several files. Makes a list of windows for each
    /// of them, however small the file is.
    ///
    /// From then on the index keeps them. Builds, [`Index::rebuild`] and [`Index::refresh`] train no others, and put each new
    /// window into a list. The lists are the part of the lists of one file that was given the same centroids and has all
    /// tracks.
    ///
    /// ```no_run
    /// # fn main() -> refrain::Result<()> {
    /// use refrain::{CancelToken, Centroids, Index, MaintainOptions};
    ///
    /// let parts = [Index::open_to_write("a.refrain")?, Index::open_to_write("b.refrain")?];
    /// let windows = [parts[0].info()?.windows, parts[1].info()?.windows];
    /// let total = windows[0] + windows[1];
    /// let mut sample = parts[0].sample_windows(0, total, MaintainOptions::default())?;
    /// sample.extend(parts[1].sample_windows(windows[0], total, MaintainOptions::default())?);
    /// if let Some(centroids) = Centroids::train(&sample, total, &CancelToken::new())? {
    ///     for part in &parts {
    ///         part.set_centroids(&centroids, MaintainOptions::default())?;
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`IndexError::Parameters`] if they were made for other fingerprints; [`Error::Interrupted`]; [`Error::Index`] if the
    /// file cannot be written.
    pub fn set_centroids(&self, centroids: &Centroids, options: MaintainOptions<'_>) -> Result<Built> {
        self.only()?.write(|store| ann::set_centroids(store, centroids, &options.cancel))
    }

    /// The windows of this file that belong to the sample for [`Centroids::train`], one vector after another. `total` is how
    /// many windows all files have together, `before` how many the files before this one have.
    ///
    /// # Errors
    /// [`Error::Index`] if the file cannot be read; [`Error::Interrupted`].
    pub fn sample_windows(&self, before: u64, total: u64, options: MaintainOptions<'_>) -> Result<Vec<i8>> {
        ann::sample_windows(&*self.only()?.reader()?, before, total, &options.cancel)
    }
}
