//! The further artists of a track, which share a column: each on a line of its own.

/// What the column holds. Names have no line breaks; one in a name that a program gave becomes a space.
pub(super) fn stored(names: &[String]) -> Option<String> {
    let lines: Vec<String> = names.iter().map(|name| name.replace(['\n', '\r'], " ")).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// The names in the column.
pub(super) fn read(column: Option<String>) -> Vec<String> {
    let column = column.unwrap_or_default();
    column.split('\n').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_is_read() {
        for names in [&[][..], &["a"], &["a", "b; c", "d"]] {
            let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
            assert_eq!(read(stored(&names)), names);
        }
        assert_eq!(read(stored(&["two\nlines".to_owned()])), ["two lines"]);
        assert_eq!(read(Some(String::new())), [""; 0]);
    }
}
