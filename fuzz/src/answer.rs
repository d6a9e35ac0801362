//! What every answer must be like.
use refrain::{Answer, Status, report};

/// Checks that an answer makes sense.
pub fn makes_sense(answer: &Answer) {
    let duration = answer.duration.0;
    assert!(duration.is_finite() && duration >= 0.5);
    assert_eq!(answer.status == Status::Match, !answer.matches.is_empty());
    for found in answer.matches.iter().chain(answer.candidates.iter().flatten()) {
        assert!((0.0..=1.0).contains(&found.score), "{found:?}");
        assert!(0.0 <= found.query_start.0 && found.query_start <= found.query_end, "{found:?}");
        assert!(found.query_end.0 <= duration + 1e-9, "{found:?}");
        assert!(0.0 <= found.ref_start.0 && found.ref_start <= found.ref_end, "{found:?}");
        assert!((0.3..3.0).contains(&found.tempo) && found.pitch.abs() < 8.0, "{found:?}");
        assert!(found.evidence.is_finite() && found.runner_up.is_finite(), "{found:?}");
        assert!(found.similarity.abs() <= 1.001, "{found:?}");
        assert!(found.also_at.iter().all(|at| at.0.is_finite()), "{found:?}");
    }
    assert!(!report::json(&answer.query, &Ok(answer.clone())).contains('\n'));
}
