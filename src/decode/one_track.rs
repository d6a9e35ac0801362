//! What demuxers of one track have in common.

/// The methods of a `FormatReader` that keeps `media`, `metadata` and `track` and cannot seek.
macro_rules! one_track {
    () => {
        fn media_info(&self) -> &symphonia::core::formats::MediaInfo {
            &self.media
        }

        fn metadata(&mut self) -> symphonia::core::meta::Metadata<'_> {
            self.metadata.metadata()
        }

        fn seek(
            &mut self,
            _: symphonia::core::formats::SeekMode,
            _: symphonia::core::formats::SeekTo,
        ) -> symphonia::core::errors::Result<symphonia::core::formats::SeekedTo> {
            symphonia::core::errors::seek_error(symphonia::core::errors::SeekErrorKind::Unseekable)
        }

        fn tracks(&self) -> &[symphonia::core::formats::Track] {
            &self.track
        }
    };
}

pub(super) use one_track;
