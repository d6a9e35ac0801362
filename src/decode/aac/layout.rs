//! Which elements a frame has, and where their channels go.
use super::bits::Bits;
use crate::decode::damage::{Damage, Result, ensure};

/// The most channels that are decoded.
pub(super) const MAX_CHANNELS: usize = 8;

/// The kinds of elements with audio.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Single,
    Pair,
    Low,
}

/// An element of each frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slot {
    pub kind: Kind,
    /// The element's number, if it has one.
    pub tag: Option<u32>,
    /// Where its channels are among all channels of a moment.
    pub channels: [usize; 2],
}

/// The elements of each frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    pub slots: Vec<Slot>,
    pub channels: usize,
}

/// Loudspeakers, in the order in which WAV has their channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Left,
    Right,
    Centre,
    Low,
    BackLeft,
    BackRight,
    BackCentre,
    SideLeft,
    SideRight,
    /// Above the front, or without a place of its own.
    Other,
}

impl Layout {
    /// The layout of a channel configuration (ISO/IEC 14496-3, table 1.19). Encoders mean configuration 7 as 7.1 with
    /// loudspeakers at the sides and the back, although the standard has two pairs in front.
    pub fn of_configuration(number: u32) -> Option<Layout> {
        use Kind::{Low, Pair, Single};
        use Place::{BackCentre, BackLeft, BackRight, Centre, Left, Other, Right, SideLeft, SideRight};
        const FRONT: (Kind, [Place; 2]) = (Pair, [Left, Right]);
        const CENTRE: (Kind, [Place; 2]) = (Single, [Centre, Centre]);
        const SIDE: (Kind, [Place; 2]) = (Pair, [SideLeft, SideRight]);
        const BACK: (Kind, [Place; 2]) = (Pair, [BackLeft, BackRight]);
        const BEHIND: (Kind, [Place; 2]) = (Single, [BackCentre, BackCentre]);
        const BASS: (Kind, [Place; 2]) = (Low, [Place::Low, Place::Low]);
        const ABOVE: (Kind, [Place; 2]) = (Pair, [Other, Other]);
        let elements: &[_] = match number {
            1 => &[CENTRE],
            2 => &[FRONT],
            3 => &[CENTRE, FRONT],
            4 => &[CENTRE, FRONT, BEHIND],
            5 => &[CENTRE, FRONT, BACK],
            6 => &[CENTRE, FRONT, BACK, BASS],
            7 | 12 => &[CENTRE, FRONT, SIDE, BACK, BASS],
            11 => &[CENTRE, FRONT, BACK, BEHIND, BASS],
            14 => &[CENTRE, FRONT, BACK, BASS, ABOVE],
            _ => return None,
        };
        Some(Layout::new(elements.iter().map(|&(kind, places)| (kind, None, places)).collect()))
    }

    fn new(elements: Vec<(Kind, Option<u32>, [Place; 2])>) -> Layout {
        let width = |kind: Kind| if kind == Kind::Pair { 2 } else { 1 };
        // A channel's place among all of them; those at the same place keep the order of their elements.
        let mut order: Vec<(Place, usize, usize)> = Vec::new();
        for (index, &(kind, _, places)) in elements.iter().enumerate() {
            order.extend((0..width(kind)).map(|side| (places[side], index, side)));
        }
        order.sort();
        let at =
            |index, side| order.iter().position(|&(_, i, s)| (i, s) == (index, side)).unwrap_or_default();
        let slots = elements
            .iter()
            .enumerate()
            .map(|(i, &(kind, tag, _))| Slot { kind, tag, channels: [at(i, 0), at(i, width(kind) - 1)] })
            .collect();
        Layout { slots, channels: order.len() }
    }

    /// Reads a program configuration element. Bytes are counted from `start` on.
    pub fn read(bits: &mut Bits) -> Result<Layout> {
        let _tag_object_and_rate = bits.take(4 + 2 + 4);
        let [front, side, back] = [(); 3].map(|()| bits.size(4));
        let (low, data, coupling) = (bits.size(2), bits.size(3), bits.size(4));
        // Mixes of all channels.
        for size in [4, 4, 3] {
            if bits.flag() {
                bits.skip(size);
            }
        }
        let mut elements = Vec::new();
        let sides = [
            (front, [Place::Left, Place::Right], Place::Centre),
            (side, [Place::SideLeft, Place::SideRight], Place::Other),
            (back, [Place::BackLeft, Place::BackRight], Place::BackCentre),
        ];
        for (count, pair, single) in sides {
            for _ in 0..count {
                let kind = if bits.flag() { Kind::Pair } else { Kind::Single };
                let places = if kind == Kind::Pair { pair } else { [single; 2] };
                elements.push((kind, Some(bits.take(4)), places));
            }
        }
        for _ in 0..low {
            elements.push((Kind::Low, Some(bits.take(4)), [Place::Low; 2]));
        }
        for _ in 0..data {
            bits.skip(4);
        }
        for _ in 0..coupling {
            bits.skip(5);
        }
        bits.align();
        let comment = bits.take(8);
        bits.skip(8 * comment);
        bits.check()?;
        let layout = Layout::new(elements);
        ensure(layout.channels > 0, "AAC: a program without channels")?;
        ensure(layout.channels <= MAX_CHANNELS, "AAC: more than eight channels")?;
        Ok(layout)
    }

    /// Finds the place of the element of a kind with a tag, where the first `taken` slots of others have been used already.
    pub fn slot(&self, kind: Kind, tag: u32, used: &[bool]) -> Result<usize> {
        let free = |&i: &usize| !used[i] && self.slots[i].kind == kind;
        let mut all = (0..self.slots.len()).filter(free);
        all.clone()
            .find(|&i| self.slots[i].tag == Some(tag))
            .or_else(|| all.find(|&i| self.slots[i].tag.is_none()))
            .ok_or(Damage("AAC: a channel that was not announced"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_of_configurations_lie_as_in_wav() {
        let channels = |number| {
            let layout = Layout::of_configuration(number).expect("a configuration");
            layout.slots.iter().map(|s| s.channels).collect::<Vec<_>>()
        };
        assert_eq!(channels(1), [[0, 0]]);
        assert_eq!(channels(2), [[0, 1]]);
        assert_eq!(channels(4), [[2, 2], [0, 1], [3, 3]]);
        assert_eq!(channels(6), [[2, 2], [0, 1], [4, 5], [3, 3]]);
        assert_eq!(channels(7), [[2, 2], [0, 1], [6, 7], [4, 5], [3, 3]]);
        assert_eq!(channels(14), [[2, 2], [0, 1], [4, 5], [3, 3], [6, 7]]);
        assert_eq!(Layout::of_configuration(0), None);
        assert_eq!(Layout::of_configuration(13), None);
    }
}
