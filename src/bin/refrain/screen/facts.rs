//! Facts for people: a name and a value on each line. A value that is too long goes on below.
use super::text::{left, width};

/// The lines of facts. Words of a value are kept whole, and so is what a no-break space joins.
pub fn lines(facts: &[(&str, String)], indent: usize, screen: Option<usize>) -> Vec<String> {
    let names = facts.iter().map(|(name, _)| width(name)).max().unwrap_or(0);
    let margin = indent + names + 2;
    let mut lines = Vec::new();
    for (name, value) in facts {
        let mut line = format!("{}{}  ", " ".repeat(indent), left(name, names));
        let mut first = true;
        for word in value.split(' ') {
            let fits = screen.is_none_or(|columns| width(&line) + 1 + width(word) <= columns);
            if first || fits {
                line += if first { "" } else { " " };
                line += word;
            } else {
                lines.push(line);
                line = format!("{}{word}", " ".repeat(margin));
            }
            first = false;
        }
        lines.push(line);
    }
    lines.iter().map(|line| line.replace('\u{a0}', " ")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_go_on_below() {
        let facts = [("key", "A minor".to_owned()), ("chroma", "C 0.10 D 0.20 E 0.30".to_owned())];
        assert_eq!(lines(&facts, 2, None), ["  key     A minor", "  chroma  C 0.10 D 0.20 E 0.30"]);
        assert_eq!(
            lines(&facts, 2, Some(24)),
            ["  key     A minor", "  chroma  C 0.10 D 0.20", "          E 0.30"]
        );
    }
}
