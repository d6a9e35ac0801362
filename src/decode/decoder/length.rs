//! How long a file says it is.
use symphonia::core::formats::well_known::FORMAT_ID_OGG;

use super::Decoder;
use crate::units::Seconds;

impl Decoder {
    /// How long the file seems to be, for progress: a guess for some formats.
    pub(in crate::decode) fn about(&self) -> Option<Seconds> {
        // 0 stands where the length was not known when the header was written, as in fragmented MP4.
        let stated = self.track.time_base?.calc_duration(self.track.duration?)?;
        let stated = Some(Seconds(stated.as_secs_f64())).filter(|stated| stated.0 > 0.0)?;
        Some(self.cut.as_ref().map_or(stated, |cut| cut.length(stated)))
    }

    /// How long the file says it is, if it can know.
    pub(super) fn announced(&self) -> Option<Seconds> {
        // Without an encoder's tag the length of MPEG audio is a guess; of chained Ogg streams only the last is known.
        if self.reader.format_info().format == FORMAT_ID_OGG || self.is_raw() && self.track.delay.is_none() {
            return None;
        }
        self.about()
    }
}
