//! Groups of duplicates as one web page, which needs no other file and no network.
//!
//! It is written group by group. The roles of the table stand beside its elements, as a narrow page shows the rows as
//! blocks, and browsers then no longer take them for a table.
use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
};

use anyhow::Context;
use refrain::{DuplicateFile, DuplicateGroup, Relation};

use self::escaped::{address, escaped, list};
use super::duplicates_words::{agreeing, differences, kind, measured, relation, same_bytes};
use crate::{screen::near::near, wording};

mod drawing;
mod escaped;

/// Writes the page.
pub fn write(path: &Path, groups: &[DuplicateGroup], summary: &str) -> anyhow::Result<()> {
    let problem = || format!("cannot write {}", wording::shown(path));
    let mut out = BufWriter::new(File::create(path).with_context(problem)?);
    page(&mut out, groups, summary).and_then(|()| out.flush()).with_context(problem)
}

fn page(out: &mut impl Write, groups: &[DuplicateGroup], summary: &str) -> io::Result<()> {
    let all = groups.iter().flat_map(|group| &group.files);
    let has = |relation: Relation| all.clone().any(|file| file.relation == relation);
    let shown: Vec<Relation> = Relation::OF_FILES.into_iter().filter(|&relation| has(relation)).collect();
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"generator\" content=\"refrain {}\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>Duplicates</title>\n<style>\n{}",
        env!("CARGO_PKG_VERSION"),
        include_str!("duplicates_html/page.css"),
    )?;
    for relation in &shown {
        // Only groups that have the relation are shown, and of these only the first file and the files that have it.
        writeln!(
            out,
            "body:has(#show-{relation}:checked) :is(section:not(.{relation}), tbody:not(.reference, .{relation})) \
             {{ display: none; }}"
        )?;
    }
    write!(
        out,
        "</style>\n</head>\n<body>\n<header>\n<h1>Duplicates</h1>\n<p>{}.</p>\n",
        escaped(capitalised(summary))
    )?;
    if shown.len() > 1 {
        filters(out, &shown)?;
    }
    out.write_all(b"</header>\n<main>\n")?;
    groups.iter().try_for_each(|group| section(out, group))?;
    out.write_all(b"</main>\n</body>\n</html>\n")
}

/// Buttons that choose a relation.
fn filters(out: &mut impl Write, shown: &[Relation]) -> io::Result<()> {
    out.write_all(
        b"<fieldset>\n<legend>Show</legend>\n\
          <label><input type=\"radio\" name=\"show\" id=\"show-all\" checked> everything</label>\n",
    )?;
    for &found in shown {
        writeln!(
            out,
            "<label><input type=\"radio\" name=\"show\" id=\"show-{found}\"> {}</label>",
            relation(found)
        )?;
    }
    out.write_all(b"</fieldset>\n")
}

fn section(out: &mut impl Write, group: &DuplicateGroup) -> io::Result<()> {
    let Some(first) = group.files.first() else { return Ok(()) };
    let mut classes: Vec<String> = group.files.iter().map(|file| file.relation.to_string()).collect();
    classes.sort_unstable();
    classes.dedup();
    let free = if group.bytes == 0 {
        String::new()
    } else {
        format!(", {} can be freed", wording::size(group.bytes))
    };
    writeln!(
        out,
        "<section class=\"{}\">\n<table role=\"table\">\n\
         <caption><h2><bdi>{}</bdi> <small>{}{free}</small></h2></caption>\n\
         <thead role=\"rowgroup\"><tr role=\"row\">{}</tr></thead>",
        classes.join(" "),
        escaped(title(first)),
        wording::count(group.files.len() as u64, "file"),
        ["file", "relation", "decision", "format", "length", "size"]
            .map(|head| format!("<th role=\"columnheader\" scope=\"col\">{head}</th>"))
            .concat(),
    )?;
    let scale = drawing::scale(&group.files);
    group.files.iter().try_for_each(|file| rows(out, file, first, scale))?;
    out.write_all(b"</table>\n</section>\n")
}

/// Two rows for a file: what it is, and where it agrees with the first one.
fn rows(out: &mut impl Write, file: &DuplicateFile, first: &DuplicateFile, scale: f64) -> io::Result<()> {
    let verdict = if file.keep { "keep" } else { "spare" };
    let name = file.path.file_name().map_or(file.path.as_path(), Path::new);
    let name = match address(&file.path) {
        Some(address) => format!("<a href=\"{address}\"><bdi>{}</bdi></a>", escaped(name)),
        None => format!("<bdi>{}</bdi>", escaped(name)),
    };
    let folder = file.path.parent().map(near).unwrap_or_default();
    let cell = |head: &str, class: &str, content: &dyn std::fmt::Display| {
        format!("<td role=\"cell\" data-head=\"{head}\"{class}>{content}</td>")
    };
    let number = " class=\"number\"";
    writeln!(
        out,
        "<tbody role=\"rowgroup\" class=\"{} {verdict}\">\n<tr role=\"row\">\
         <th role=\"rowheader\" scope=\"row\">{name}<small><bdi>{}</bdi></small></th>{}{}{}{}{}</tr>\n\
         <tr role=\"row\" class=\"agrees\"><td role=\"cell\" colspan=\"6\">",
        file.relation,
        escaped(folder),
        cell("relation", "", &relation(file.relation)),
        cell(
            "decision",
            " class=\"decision\"",
            &format!(
                "<span class=\"verdict\">{verdict}</span> <span class=\"why\">{}</span>",
                escaped(&file.why)
            )
        ),
        cell("format", "", &list(&[kind(file), measured(file)].concat())),
        cell("length", number, &file.duration),
        cell("size", number, &wording::size(file.size)),
    )?;
    drawing::write(out, file, first, scale)?;
    if file.relation != Relation::Reference {
        below(out, file, first)?;
    }
    out.write_all(b"</td></tr>\n</tbody>\n")
}

/// What differs from the first file, and the parts that agree, for those who cannot point at the drawing.
fn below(out: &mut impl Write, file: &DuplicateFile, first: &DuplicateFile) -> io::Result<()> {
    let mut differs = differences(file, first);
    if file.relation == Relation::OtherSpeed {
        differs.push(format!("{:.3} times as fast", file.speed));
    }
    if let Some(same) = same_bytes(file) {
        let same = same.replacen('s', "S", 1);
        writeln!(out, "<p><bdi>{}</bdi></p>", escaped(&same))?;
    }
    if !differs.is_empty() {
        writeln!(out, "<p>Differs: <bdi>{}</bdi></p>", list(&differs))?;
    }
    let parts = agreeing(file);
    let summary = match parts.len() {
        0 => return Ok(()),
        1 => "1 part sounds the same".to_owned(),
        n => format!("{n} parts sound the same"),
    };
    let items: String = parts.iter().map(|part| format!("<li>{}</li>", escaped(part))).collect();
    writeln!(out, "<details><summary>{summary}</summary><ul>{items}</ul></details>")
}

/// What a group is called: artist and title of its first file, or the file's name.
fn title(file: &DuplicateFile) -> String {
    match (&file.tags.artist, &file.tags.title) {
        (Some(artist), Some(title)) => format!("{artist} - {title}"),
        (None, Some(title)) => title.clone(),
        _ => file.path.file_name().unwrap_or(file.path.as_os_str()).to_string_lossy().into_owned(),
    }
}

/// The text with a capital letter.
fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
