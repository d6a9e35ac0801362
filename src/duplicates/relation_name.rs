//! The names of relations, as options and documents have them.
use std::{fmt, str::FromStr};

use super::relation::Relation;

impl Relation {
    /// Every relation to a reference, with its name.
    pub const NAMES: [(&str, Self); 7] = [
        ("same_bytes", Self::SameBytes),
        ("same_audio", Self::SameAudio),
        ("remaster", Self::Remaster),
        ("other_speed", Self::OtherSpeed),
        ("edit", Self::Edit),
        ("excerpt", Self::Excerpt),
        ("shared_backing", Self::SharedBacking),
    ];
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = Self::NAMES.iter().find(|(_, known)| known == self);
        f.write_str(found.map_or("reference", |(name, _)| name))
    }
}

impl FromStr for Relation {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::NAMES.iter().find(|(known, _)| *known == name);
        found.map(|&(_, relation)| relation).ok_or_else(|| {
            let names: Vec<&str> = Self::NAMES.iter().map(|(name, _)| *name).collect();
            format!("no relation {name:?}; the relations are {}", names.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_documents() {
        for (name, relation) in Relation::NAMES {
            assert_eq!((name.parse(), relation.to_string()), (Ok(relation), name.to_owned()));
            assert_eq!(serde_json::to_value(relation).unwrap(), name);
        }
        assert_eq!(serde_json::to_value(Relation::Reference).unwrap(), Relation::Reference.to_string());
        let error = "reference".parse::<Relation>().unwrap_err();
        assert!(
            error.starts_with("no relation \"reference\"; the relations are same_bytes, same"),
            "{error}"
        );
    }
}
