//! The evidence over time.
use super::Part;
use crate::{
    align::Curve,
    error::Result,
    query::{engine::Query, place::Place, variant_frames::VariantFrames},
    report::EvidenceCurve,
};

impl Query<'_> {
    /// The evidence of places over time, one after the other. `None` if they have none.
    pub(super) fn curve(&mut self, own: &[(&Part, &Place)]) -> Result<Option<EvidenceCurve>> {
        let (params, clock) = (self.params, self.clock());
        let mut curve = EvidenceCurve::default();
        let mut sum = 0.0;
        for (part, place) in own {
            let Some(origin) = &place.origin else { continue };
            let variants = VariantFrames::new(&part.chunk, &params);
            let (tempo, alignment) = (origin.variant.tempo, &origin.alignment);
            let frames = variants.frames(&origin.variant);
            let reference =
                self.reference(&variants, (origin.variant, &frames), place.track, origin.proposed)?;
            let Some(pairs) = Curve::new(&frames, &reference, params.frame_values(), alignment) else {
                continue;
            };
            let time = |half: f64| clock.time(half / tempo + part.first as f64);
            let within = alignment.from..alignment.to;
            let mut steps: Vec<(f64, f64)> = Vec::new();
            for (half, evidence) in pairs.evidence() {
                let pair = (time(half as f64), f64::from(origin.variant.for_each_of_query(evidence)));
                curve.frames.push(pair);
                if within.contains(&half) {
                    steps.push(pair);
                }
            }
            let (from, to) = (time(within.start as f64), time(within.end as f64 - 1.0));
            for (half, evidence) in self.window_evidence.each(&frames, &reference, alignment) {
                let evidence = f64::from(origin.variant.for_each_of_query(evidence));
                // The middle of a window at the end may lie beyond it.
                let window = (time(half).clamp(from, to.max(from)), evidence);
                curve.windows.push(window);
                steps.push(window);
            }
            steps.sort_by(|a, b| a.0.total_cmp(&b.0));
            curve.sum.push((from, sum));
            for (at, evidence) in steps {
                sum += evidence;
                curve.sum.push((at, sum));
            }
        }
        for points in [&mut curve.frames, &mut curve.windows, &mut curve.sum] {
            points.iter_mut().for_each(|(at, v)| (*at, *v) = (rounded(*at), rounded(*v)));
        }
        Ok((!curve.sum.is_empty()).then_some(curve))
    }
}

/// To a hundred-thousandth, which is finer than what single precision has.
fn rounded(v: f64) -> f64 {
    (v * 1e5).round() / 1e5
}
