//! The coefficients that tell a recording from another rendering of the same notes.

/// The coefficients of a logistic regression that says how probable it is that a clip and a track are two renderings of the
/// same notes, rather than one recording.
///
/// `eval/fit_renderings.py` fits them to clips of recordings under distortions, and to other renderings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RenderingModel {
    /// What is added to everything.
    pub intercept: f64,
    /// Of the similarity, which another rendering seldom has above .8.
    pub similarity: f64,
    /// Of the timbre: what the clip has besides the track.
    pub timbre: f64,
    /// Of the timbre of the track: what it has besides the clip.
    pub timbre_of_track: f64,
    /// The least and the greatest timbre. Values beyond count as these.
    pub timbre_range: [f64; 2],
    /// Of the unevenness of the notes.
    pub unevenness: f64,
    /// The greatest unevenness. More counts as this.
    pub most_unevenness: f64,
    /// Of the contrast: a clean clip of a recording is more similar than noise and speech leave it.
    pub contrast: f64,
    /// The greatest contrast. More counts as this.
    pub most_contrast: f64,
    /// Of the echo, which lowers the similarity of a clean clip.
    pub echo: f64,
    /// The greatest echo. More counts as this.
    pub most_echo: f64,
    /// Of the share of the clip's loud values that the track has nothing of. Other instruments seldom add so much as a voice.
    pub extra: f64,
    /// Of the similarity from 880 to 1,760 Hz.
    pub overtones: f64,
    /// Of how alike notes begin.
    pub rises: f64,
    /// What a key and a tempo of its own add. It is set by hand: no clip of the fit has both. Covers often do, recordings seldom.
    pub own_key_and_tempo: f64,
    /// The fewest pairs of frames that say anything.
    pub min_pairs: f64,
}
