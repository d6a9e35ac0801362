//! Decoding for the fingerprint alone.
use crate::decode::codec::Codec;
use crate::decode::decoder::Decoder;

impl Decoder {
    /// Leaves out what the fingerprint does not need, where that is faster: MP3, AAC and Vorbis then come at a fraction of
    /// their rate, and Opus without its upper frequencies. Up to 5.1 kHz the audio is that of a full decode, from the same
    /// first sample on. For use before the first block.
    #[must_use]
    pub fn for_fingerprint(mut self) -> Decoder {
        self.coarse = true;
        self.make_coarse();
        self
    }

    /// Takes a coarse codec for the track, if wanted and possible. Containers other than bare MPEG audio cut the decoded
    /// audio by themselves, to the sample of its full rate.
    pub(super) fn make_coarse(&mut self) {
        #[cfg(feature = "aac")]
        if self.coarse
            && let Codec::Aac(aac) = &mut self.codec
        {
            aac.reduce();
            self.late = crate::decode::codec::lateness(&self.track) / aac.step;
        }
        #[cfg(feature = "ogg")]
        if self.coarse
            && let Codec::Vorbis(vorbis) = &mut self.codec
        {
            vorbis.reduce();
        }
        #[cfg(feature = "opus")]
        if self.coarse
            && let Codec::Opus(opus) = &mut self.codec
        {
            opus.reduce();
        }
        #[cfg(feature = "mp3")]
        if self.coarse
            && self.is_raw()
            && let Some(coarse) = crate::decode::coarse::Coarse::of(&self.track)
        {
            self.codec = Codec::Coarse(coarse);
        }
    }
}
