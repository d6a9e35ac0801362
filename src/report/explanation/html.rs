//! An explanation as a web page.
use std::path::Path;

use super::model::Explanation;
use crate::{
    draw::{Theme, escaped},
    report::{answer::Match, versions::Version},
    tags::Tags,
};

/// The page: `svg` is the picture. There is no script, and nothing is loaded.
pub(super) fn page(explained: &Explanation, svg: &str, theme: Theme) -> String {
    let title = escaped(&explained.query.to_string_lossy());
    let reason = escaped(&explained.reason);
    let scheme = match theme {
        Theme::Light => "light",
        Theme::Dark => "dark",
        Theme::Auto => "light dark",
    };
    let mut rows = String::new();
    for (heading, found) in [("Track", &explained.place), ("Other track", &explained.rival)] {
        if let Some(found) = found {
            rows.push_str(&table(heading, found));
        }
    }
    if let Some(version) = &explained.version {
        rows.push_str(&performance(version));
    }
    let needed = explained.needed_evidence.map_or_else(String::new, |needed| {
        format!(
            "<p>Evidence that a match needs here: {needed:.3}. Lowest score of a match: {}.</p>\n",
            explained.min_score
        )
    });
    let warnings: String =
        explained.warnings.iter().map(|warning| format!("<p>{}</p>\n", escaped(warning))).collect();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<meta name=\"color-scheme\" content=\"{scheme}\">\n\
         <title>{title}: {reason}</title>\n\
         <style>body{{font-family:'Noto Sans',sans-serif;max-width:980px;margin:1em auto;padding:0 1em}}\
         svg{{max-width:100%;height:auto}}table{{border-collapse:collapse;margin:1em 0}}\
         th,td{{text-align:left;padding:.2em 1em .2em 0;overflow-wrap:anywhere}}</style>\n</head>\n<body>\n<h1>{title}</h1>\n\
         <p>{reason}</p>\n{svg}{needed}{warnings}{rows}</body>\n</html>\n"
    )
}

/// A row of a table.
fn row(name: &str, value: &str) -> String {
    format!("<tr><th scope=\"row\">{name}</th><td>{}</td></tr>\n", escaped(value))
}

/// The beginning of a table: which file it is about.
fn begun(heading: &str, path: &Path, tags: &Tags) -> String {
    let mut table = format!("<h2>{heading}</h2>\n<table>\n");
    table.push_str(&row("File", &path.to_string_lossy()));
    for (name, tag) in [("Title", &tags.title), ("Artist", &tags.artist), ("Album", &tags.album)] {
        if let Some(tag) = tag {
            table.push_str(&row(name, tag));
        }
    }
    table
}

/// The numbers of another performance.
fn performance(version: &Version) -> String {
    let mut table = begun("Another performance of the same piece", &version.path, &version.tags);
    for (name, value) in [
        ("Score", format!("{:.6}", version.score)),
        ("The clip is higher, in semitones", format!("{:+}", version.transposition)),
        ("Speed", format!("{:.3}", version.tempo)),
        ("Evidence", format!("{:.3}", version.evidence)),
        ("Evidence that chance reaches", format!("{:.3}", version.chance)),
    ] {
        table.push_str(&row(name, &value));
    }
    table.push_str("</table>\n");
    table
}

/// The numbers of a place.
fn table(heading: &str, found: &Match) -> String {
    let mut table = begun(heading, &found.path, &found.tags);
    for (name, value) in [
        ("Score", format!("{:.6}", found.score)),
        ("Evidence", format!("{:.3}", found.evidence)),
        ("Evidence of the best other track", format!("{:.3}", found.runner_up)),
        ("Similarity", format!("{:.3}", found.similarity)),
        ("In the clip", format!("{} to {}", found.query_start, found.query_end)),
        ("In the track", format!("{} to {}", found.ref_start, found.ref_end)),
        ("Speed", format!("{:.4}", found.tempo)),
        ("Pitch in semitones", format!("{:+.2}", found.pitch)),
        ("Variants tried", found.variants.to_string()),
    ] {
        table.push_str(&row(name, &value));
    }
    table.push_str("</table>\n");
    table
}
