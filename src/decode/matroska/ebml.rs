//! Elements of EBML: an id, a length, and the content.

/// The id and the length of an element that begins `data`, and the bytes that both take. The length is `None` if it is
/// unknown.
pub(super) fn header(data: &[u8]) -> Option<(u32, Option<u64>, usize)> {
    let (&first, id_len) = (data.first()?, data.first()?.leading_zeros() as usize + 1);
    if first == 0 || id_len > 4 {
        return None;
    }
    let id = data.get(..id_len)?.iter().fold(0, |id, &byte| id << 8 | u32::from(byte));
    let first = *data.get(id_len)?;
    let size_len = first.leading_zeros() as usize + 1;
    if size_len > 8 {
        return None;
    }
    let size = data.get(id_len..id_len + size_len)?.iter().fold(0, |size, &byte| size << 8 | u64::from(byte));
    let mask = (1 << (7 * size_len)) - 1;
    let size = size & mask;
    Some((id, (size != mask).then_some(size), id_len + size_len))
}

/// The elements within `data`, one after the other. Ends where one does not fit.
pub(super) fn children(mut data: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    std::iter::from_fn(move || {
        let (id, size, header) = header(data)?;
        let rest = &data[header..];
        let size = size.map_or(Some(rest.len()), |size| usize::try_from(size).ok())?;
        let (content, after) = rest.split_at_checked(size)?;
        data = after;
        Some((id, content))
    })
}

/// A whole number.
pub(super) fn number(content: &[u8]) -> u64 {
    content.iter().take(8).fold(0, |n, &byte| n << 8 | u64::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_cut_where_they_say() {
        assert_eq!(header(&[0x1a, 0x45, 0xdf, 0xa3, 0x84, 1, 2]), Some((0x1a45_dfa3, Some(4), 5)));
        assert_eq!(header(&[0xae, 0x40, 0x02]), Some((0xae, Some(2), 3)));
        assert_eq!(header(&[0xae, 0xff]), Some((0xae, None, 2)));
        assert_eq!(header(&[0xae, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), Some((0xae, None, 9)));
        for bad in [&[][..], &[0], &[0xae], &[0xae, 0], &[0x08, 1, 2, 3, 4], &[0x1a, 0x45]] {
            assert_eq!(header(bad), None, "{bad:?}");
        }
        let data = [0xd7, 0x81, 7, 0x88, 0x80, 0xb9, 0x85, 1];
        assert_eq!(children(&data).collect::<Vec<_>>(), [(0xd7, &[7][..]), (0x88, &[])]);
        assert_eq!(number(&[1, 0]), 256);
        assert_eq!(number(&[]), 0);
    }
}
