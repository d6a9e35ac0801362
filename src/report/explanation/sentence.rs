//! The sentence that says which rule decided.
use super::{Explanation, Rule};

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
            format!("match: evidence {evidence:.1}; it holds the same recording as {other}, which the answer names")
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
        Rule::Steady => "no match: no notes change in the clip, so there is nothing to compare".to_owned(),
        Rule::Silence => "no match: the clip is silent".to_owned(),
        Rule::EmptyIndex => "no match: the index holds no tracks".to_owned(),
    }
}
