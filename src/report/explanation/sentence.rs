//! The sentence that says which rule decided.
use super::model::{Explanation, Rule};

/// From this share of the evidence on, another track fits as well; below, nearly as well.
const AS_WELL: f64 = 0.9;

/// The rule of an explanation in one sentence, with the numbers that decided. `copy_of` names the match that a copy stands
/// behind.
pub(crate) fn sentence(explained: &Explanation, copy_of: Option<&str>) -> String {
    let place = explained.place.as_ref();
    let [evidence, runner_up, variants] =
        place.map_or([0.0; 3], |p| [p.evidence, p.runner_up, f64::from(p.variants)]);
    let needs = match explained.needed_evidence {
        Some(needed) => format!("a match needs {needed:.1}"),
        None => "no evidence is enough for a match".to_owned(),
    };
    match explained.rule {
        Rule::Match => {
            format!("match: evidence {evidence:.1}; the best other track has {runner_up:.1}, {needs}")
        }
        Rule::Copy => {
            let other = copy_of.unwrap_or("another track");
            format!(
                "match: evidence {evidence:.1}; it holds the same recording as {other}, which the answer names"
            )
        }
        Rule::Backwards => "refused: the clip fits the track better when it is played backwards".to_owned(),
        Rule::OtherRendering => format!(
            "refused: the same notes, but probably another rendering (probability {:.2})",
            explained.other_rendering
        ),
        Rule::Rival => {
            let nearly = if runner_up >= AS_WELL * evidence { "" } else { "nearly " };
            format!(
                "refused: another track fits {nearly}as well: evidence {evidence:.1} against {runner_up:.1}; {needs}"
            )
        }
        Rule::Variants => format!(
            "refused: it agrees only at another pitch or speed, one of {variants:.0} that were tried: evidence {evidence:.1}; \
             {needs}"
        ),
        Rule::Evidence => format!("refused: too little evidence: {evidence:.1}; {needs}"),
        Rule::NothingNear => "no match: nothing in the index is near the clip".to_owned(),
        Rule::Steady => {
            "no match: no notes change in the clip, so it fits all tracks with these notes".to_owned()
        }
        Rule::Silence => "no match: the clip is silent".to_owned(),
        Rule::EmptyIndex => "no match: the index holds no tracks".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::explanation::tests::explanation;

    fn told(rule: Rule, evidence: f64, runner_up: f64, needed: Option<f64>) -> String {
        let mut explained = explanation();
        let place = explained.place.as_mut().unwrap();
        (place.evidence, place.runner_up, place.variants) = (evidence, runner_up, 246);
        (explained.rule, explained.needed_evidence, explained.other_rendering) = (rule, needed, 0.974);
        sentence(&explained, Some("/m/other.flac"))
    }

    #[test]
    fn each_rule_has_its_sentence() {
        for (rule, expected) in [
            (Rule::Match, "match: evidence 12.1; the best other track has 11.8, a match needs 15.0"),
            (
                Rule::Copy,
                "match: evidence 12.1; it holds the same recording as /m/other.flac, which the answer names",
            ),
            (Rule::Backwards, "refused: the clip fits the track better when it is played backwards"),
            (
                Rule::OtherRendering,
                "refused: the same notes, but probably another rendering (probability 0.97)",
            ),
            (
                Rule::Rival,
                "refused: another track fits as well: evidence 12.1 against 11.8; a match needs 15.0",
            ),
            (
                Rule::Variants,
                "refused: it agrees only at another pitch or speed, one of 246 that were tried: evidence 12.1; a match needs \
                 15.0",
            ),
            (Rule::Evidence, "refused: too little evidence: 12.1; a match needs 15.0"),
            (Rule::NothingNear, "no match: nothing in the index is near the clip"),
            (Rule::Steady, "no match: no notes change in the clip, so it fits all tracks with these notes"),
            (Rule::Silence, "no match: the clip is silent"),
            (Rule::EmptyIndex, "no match: the index holds no tracks"),
        ] {
            assert_eq!(told(rule, 12.1, 11.8, Some(15.0)), expected);
        }
        assert!(told(Rule::Rival, 12.1, 8.0, None).starts_with("refused: another track fits nearly as well"));
        assert!(told(Rule::Evidence, 1.0, 0.0, None).ends_with("; no evidence is enough for a match"));
    }
}
