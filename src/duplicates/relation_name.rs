//! The names of relations, as options and documents have them.
use std::{fmt, str::FromStr};

use super::relation::Relation;

impl Relation {
    /// Every relation that a file may have to the reference.
    pub const OF_FILES: [Self; 7] = [
        Self::SameBytes,
        Self::SameAudio,
        Self::Remaster,
        Self::OtherSpeed,
        Self::Edit,
        Self::Excerpt,
        Self::SharedBacking,
    ];
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Relation {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::named(name).filter(|relation| Self::OF_FILES.contains(relation)).ok_or_else(|| {
            let names: Vec<&str> = Self::OF_FILES.iter().map(|relation| relation.name()).collect();
            format!("no relation {name:?}; the relations are {}", names.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_documents() {
        for relation in Relation::OF_FILES {
            let name = relation.to_string();
            assert_eq!(name.parse(), Ok(relation));
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
