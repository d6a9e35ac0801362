//! What a decoder has seen of a file, and the verdict on it at the end.
use super::warning::Warning;
use crate::error::AudioError;
use crate::units::Seconds;

/// What was seen so far.
#[derive(Default)]
pub(super) struct Progress {
    /// Bytes of all packets of the track.
    pub bytes: u64,
    /// Bytes of the packets that decoded.
    pub good_bytes: u64,
    /// How long the decoded audio is.
    pub seconds: f64,
    /// Packets that decoded.
    pub good: u64,
    /// Changes of the rate from one packet to the next.
    pub rate_changes: u64,
    /// Packets that did not decode.
    damaged: u64,
    /// What was wrong with the first of them.
    first_damage: Option<String>,
    /// Packets without audio since the last with some.
    pub barren: u32,
    /// Panics of the codec.
    pub panics: u32,
    /// What the last panic said.
    pub panic: Option<String>,
    /// Why the end came before the end of the file.
    pub cut: Option<String>,
    /// Whether the file ended in the middle of a packet.
    pub out_of_bytes: bool,
    truncated: Option<Warning>,
}

impl Progress {
    /// Counts a packet that did not decode.
    pub(super) fn damage(&mut self, what: String) {
        self.damaged += 1;
        self.barren += 1;
        self.first_damage.get_or_insert(what);
    }

    /// Decides at the end whether this was audio. `raw` says whether it was bare MPEG audio, `announced` how long the file
    /// claims to be, `len` how many bytes it has.
    pub(super) fn verdict(
        &mut self,
        raw: bool,
        announced: Option<Seconds>,
        len: u64,
    ) -> Result<(), AudioError> {
        if self.good == 0 {
            return match (&self.panic, &self.first_damage, &self.cut) {
                (Some(panic), _, _) => Err(AudioError::DecoderPanic(panic.clone())),
                _ if raw => Err(AudioError::UnknownFormat),
                (_, Some(what), _) | (_, _, Some(what)) => Err(AudioError::Damaged(what.clone())),
                _ if self.out_of_bytes || announced.is_some_and(|length| length.0 > 0.0) => {
                    Err(AudioError::Damaged("no audio is left of the file".to_owned()))
                }
                (None, None, None) => Ok(()),
            };
        }
        // MPEG audio has no header but its frames', and the bits of any file look like a frame here and there.
        let sparse = self.good_bytes < len / 8 && self.seconds < 30.0;
        let erratic = self.rate_changes * 8 > self.good;
        if raw && (sparse || erratic) {
            return Err(AudioError::UnknownFormat);
        }
        self.truncated = self.shortfall(announced);
        Ok(())
    }

    /// A warning if there was clearly less audio than there should be.
    fn shortfall(&self, announced: Option<Seconds>) -> Option<Warning> {
        let found = Seconds(self.seconds);
        match announced {
            Some(announced) if found.0 < announced.0 * 0.98 - 0.5 => {
                Some(Warning::Truncated { found, announced: Some(announced) })
            }
            _ => self.out_of_bytes.then_some(Warning::Truncated { found, announced: None }),
        }
    }

    /// What was wrong so far.
    pub(super) fn warnings(&self) -> Vec<Warning> {
        let damage = self
            .first_damage
            .as_ref()
            .map(|first| Warning::DamagedPackets { count: self.damaged, first: first.clone() });
        let cut = self.cut.as_ref().map(|reason| Warning::CutShort { reason: reason.clone() });
        damage.into_iter().chain(cut).chain(self.truncated.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEN: u64 = 80_000;

    /// Ten seconds of audio in as many bytes as make it dense enough for MPEG.
    fn audio() -> Progress {
        Progress { good: 100, good_bytes: LEN / 8, seconds: 10.0, ..Progress::default() }
    }

    fn verdict(mut progress: Progress, raw: bool) -> Result<(), AudioError> {
        progress.verdict(raw, None, LEN)
    }

    #[test]
    fn what_has_no_good_packet_is_named_after_the_worst_that_was_seen() {
        let none = Progress::default;
        assert_eq!(verdict(none(), false), Ok(()));
        assert_eq!(verdict(none(), true), Err(AudioError::UnknownFormat));
        assert_eq!(none().verdict(false, Some(Seconds(0.0)), LEN), Ok(()));
        let empty = Err(AudioError::Damaged("no audio is left of the file".into()));
        assert_eq!(none().verdict(false, Some(Seconds(0.1)), LEN), empty);
        assert_eq!(verdict(Progress { out_of_bytes: true, ..none() }, false), empty);
        let cut = || Progress { cut: Some("cut".into()), out_of_bytes: true, ..none() };
        assert_eq!(verdict(cut(), false), Err(AudioError::Damaged("cut".into())));
        let mut damaged = cut();
        damaged.damage("first".into());
        damaged.damage("second".into());
        assert_eq!(damaged.barren, 2);
        assert_eq!(damaged.verdict(false, None, LEN), Err(AudioError::Damaged("first".into())));
        damaged.panic = Some("panic".into());
        assert_eq!(damaged.verdict(true, None, LEN), Err(AudioError::DecoderPanic("panic".into())));
    }

    #[test]
    fn what_merely_looks_like_mpeg_here_and_there_is_refused() {
        assert_eq!(verdict(audio(), true), Ok(()));
        let sparse = |seconds| Progress { good_bytes: LEN / 8 - 1, seconds, ..audio() };
        assert_eq!(verdict(sparse(29.9), true), Err(AudioError::UnknownFormat));
        assert_eq!(verdict(sparse(29.9), false), Ok(()), "a container is no chance");
        assert_eq!(verdict(sparse(30.0), true), Ok(()));
        let erratic = |rate_changes| Progress { rate_changes, ..audio() };
        assert_eq!(verdict(erratic(12), true), Ok(()));
        assert_eq!(verdict(erratic(13), true), Err(AudioError::UnknownFormat));
        assert_eq!(verdict(erratic(13), false), Ok(()));
    }

    #[test]
    fn warnings_come_in_order_and_small_shortfalls_are_none() {
        let after = |mut progress: Progress, announced: Option<f64>| {
            progress.verdict(false, announced.map(Seconds), LEN).unwrap();
            progress.warnings()
        };
        // 10 s are 98 % of 10.714 s less half a second.
        assert_eq!(after(audio(), Some(10.7)), []);
        let truncated = |announced: Option<f64>| Warning::Truncated {
            found: Seconds(10.0),
            announced: announced.map(Seconds),
        };
        assert_eq!(after(audio(), Some(10.72)), [truncated(Some(10.72))]);
        let out = || Progress { out_of_bytes: true, ..audio() };
        assert_eq!(after(out(), None), [truncated(None)]);
        assert_eq!(after(out(), Some(10.7)), [truncated(None)]);
        let mut all = Progress { cut: Some("cut".into()), ..out() };
        all.damage("first".into());
        all.damage("second".into());
        let damaged = Warning::DamagedPackets { count: 2, first: "first".into() };
        assert_eq!(after(all, None), [damaged, Warning::CutShort { reason: "cut".into() }, truncated(None)]);
    }
}
