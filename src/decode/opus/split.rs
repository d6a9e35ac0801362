//! Takes a packet of several streams apart. All streams but the last state how long they are (RFC 6716, appendix B).

/// The first packet of several that lie one after the other.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part<'a> {
    /// Its beginning, up to the length that a packet by itself does not have.
    head: &'a [u8],
    /// Its frames and padding.
    body: &'a [u8],
    /// What follows.
    pub rest: &'a [u8],
}

impl Part<'_> {
    /// Replaces `packet` by this packet as it is by itself.
    pub(super) fn plain(&self, packet: &mut Vec<u8>) {
        packet.clear();
        packet.extend_from_slice(self.head);
        packet.extend_from_slice(self.body);
    }
}

/// Splits off the packet at the beginning of `data`. Returns `None` if it has no such packet.
pub(super) fn split(data: &[u8]) -> Option<Part<'_>> {
    let (&toc, mut rest) = data.split_first()?;
    // The frames that are as long as the last one, the bytes of all others, and those of the padding.
    let (mut alike, mut others, mut padding) = (1, 0, 0);
    match toc & 3 {
        0 => {}
        1 => alike = 2,
        2 => others = length(&mut rest)?,
        _ => {
            let flags = byte(&mut rest)?;
            let count = usize::from(flags & 0x3f);
            if count == 0 {
                return None;
            }
            if flags & 0x40 != 0 {
                loop {
                    let more = byte(&mut rest)?;
                    padding += usize::from(more.min(254));
                    if more != 255 {
                        break;
                    }
                }
            }
            if flags & 0x80 == 0 {
                alike = count;
            } else {
                for _ in 1..count {
                    others += length(&mut rest)?;
                }
            }
        }
    }
    let head = &data[..data.len() - rest.len()];
    let last = length(&mut rest)?;
    let (body, rest) = rest.split_at_checked(others + alike * last + padding)?;
    Some(Part { head, body, rest })
}

fn byte(data: &mut &[u8]) -> Option<u8> {
    let (&first, rest) = data.split_first()?;
    *data = rest;
    Some(first)
}

/// Reads the length of a frame: one byte, or two from 252 on.
fn length(data: &mut &[u8]) -> Option<usize> {
    let first = usize::from(byte(data)?);
    if first < 252 { Some(first) } else { Some(first + 4 * usize::from(byte(data)?)) }
}
