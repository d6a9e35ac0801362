//! Figures for Prometheus, in its text format.
use std::{
    collections::BTreeMap,
    fmt::Write,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use axum::http::StatusCode;

use super::guard::Refusal;

/// The upper ends of the classes of times, in seconds.
const CLASSES: [f64; 10] = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0];

/// How a query ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Match,
    NoMatch,
    Error,
}

const OUTCOMES: [(Outcome, &str); 3] =
    [(Outcome::Match, "match"), (Outcome::NoMatch, "no_match"), (Outcome::Error, "error")];

/// What has happened since the server began.
pub struct Metrics {
    began: Instant,
    answers: Mutex<BTreeMap<(String, &'static str, u16), Times>>,
    queries: Mutex<[Times; 3]>,
    refused: [AtomicU64; Refusal::ALL.len()],
}

/// How often something took how long.
#[derive(Clone, Default)]
struct Times {
    classes: [u64; CLASSES.len()],
    count: u64,
    seconds: f64,
}

impl Times {
    fn add(&mut self, took: Duration) {
        let seconds = took.as_secs_f64();
        for (class, _) in self.classes.iter_mut().zip(CLASSES).filter(|(_, end)| seconds <= *end) {
            *class += 1;
        }
        self.count += 1;
        self.seconds += seconds;
    }

    fn write(&self, out: &mut String, name: &str, labels: &str) {
        for (class, end) in self.classes.iter().zip(CLASSES) {
            let _ = writeln!(out, "{name}_bucket{{{labels},le=\"{end}\"}} {class}");
        }
        let _ = writeln!(out, "{name}_bucket{{{labels},le=\"+Inf\"}} {}", self.count);
        let _ = writeln!(out, "{name}_sum{{{labels}}} {}", self.seconds);
        let _ = writeln!(out, "{name}_count{{{labels}}} {}", self.count);
    }
}

impl Metrics {
    pub fn new() -> Self {
        Self {
            began: Instant::now(),
            answers: Mutex::default(),
            queries: Mutex::default(),
            refused: Default::default(),
        }
    }

    /// Counts an answer. `route` is one of the addresses that there are, and `method` one of a few, so the labels do not grow with
    /// what strangers ask for.
    pub fn answered(&self, method: &'static str, route: String, status: StatusCode, took: Duration) {
        let key = (route, method, status.as_u16());
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default().add(took);
    }

    pub fn queried(&self, outcome: Outcome, took: Duration) {
        let at = OUTCOMES.iter().position(|(one, _)| *one == outcome);
        let mut queries = self.queries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = at {
            queries[at].add(took);
        }
    }

    pub fn refused(&self, why: Refusal) {
        if let Some(at) = Refusal::ALL.iter().position(|one| *one == why) {
            self.refused[at].fetch_add(1, Ordering::Relaxed);
        }
    }

    /// All figures, and those of the `moment`: name, help and value of each.
    pub fn text(&self, moment: &[(&str, &str, usize)]) -> String {
        let mut out = String::new();
        let head = |out: &mut String, name: &str, kind: &str, help: &str| {
            let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
        };
        head(&mut out, "refrain_build_info", "gauge", "The version of refrain.");
        let _ = writeln!(out, "refrain_build_info{{version=\"{}\"}} 1", env!("CARGO_PKG_VERSION"));
        head(&mut out, "refrain_uptime_seconds", "gauge", "Seconds since the server started.");
        let _ = writeln!(out, "refrain_uptime_seconds {}", self.began.elapsed().as_secs_f64());
        for (name, help, value) in moment {
            head(&mut out, name, "gauge", help);
            let _ = writeln!(out, "{name} {value}");
        }
        let name = "refrain_refused_total";
        head(&mut out, name, "counter", "Number of refused requests, counted separately for each reason.");
        for (why, count) in Refusal::ALL.iter().zip(&self.refused) {
            let _ = writeln!(out, "{name}{{reason=\"{}\"}} {}", why.name(), count.load(Ordering::Relaxed));
        }
        let name = "refrain_query_duration_seconds";
        head(
            &mut out,
            name,
            "histogram",
            "Duration of queries, measured separately for each result, such as a match or an error.",
        );
        let queries = self.queries.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for ((_, outcome), times) in OUTCOMES.iter().zip(&queries) {
            times.write(&mut out, name, &format!("outcome=\"{outcome}\""));
        }
        let name = "refrain_http_request_duration_seconds";
        head(
            &mut out,
            name,
            "histogram",
            "How long the server took to begin an answer, measured separately for each path, method and status.",
        );
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for ((route, method, status), times) in answers {
            times.write(
                &mut out,
                name,
                &format!("route=\"{route}\",method=\"{method}\",status=\"{status}\""),
            );
        }
        out
    }
}
