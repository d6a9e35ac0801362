//! Tests: commands shown in the documents are commands that this program accepts, and the manual names every option.
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use clap::{Arg, Command, CommandFactory, Parser, error::ErrorKind};

use crate::args::{self, Cli};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every document of the repository, as far as it is there: a package has fewer.
fn documents() -> Vec<PathBuf> {
    let folders = [
        "",
        "docs",
        "docs/decisions",
        "schema",
        "eval",
        "examples/sql",
        "bindings/c",
        "bindings/python",
        "crates/analysis",
        "packaging",
    ];
    let mut found = Vec::new();
    for folder in folders {
        let Ok(entries) = fs::read_dir(root().join(folder)) else { continue };
        found.extend(
            entries
                .map(|entry| entry.unwrap().path())
                .filter(|path| path.extension().is_some_and(|e| e == "md")),
        );
    }
    assert!(found.iter().any(|path| path.ends_with("docs/command-line.md")));
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Splits a shell's line into commands, each a list of words. Leaves out where output goes.
fn commands(line: &str) -> Vec<Vec<String>> {
    let mut commands = vec![Vec::new()];
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut redirected = false;
    let end = |word: &mut Option<String>, commands: &mut Vec<Vec<String>>, redirected: &mut bool| {
        if let Some(word) = word.take()
            && !std::mem::take(redirected)
        {
            commands.last_mut().expect("a command").push(word);
        }
    };
    for c in line.chars() {
        match (quote, c) {
            (Some(open), _) if open == c => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, ' ') => end(&mut word, &mut commands, &mut redirected),
            (None, '>') => {
                end(&mut word, &mut commands, &mut redirected);
                redirected = true;
            }
            (None, '|' | ';' | '&' | '(' | ')' | '<') => {
                end(&mut word, &mut commands, &mut redirected);
                commands.push(Vec::new());
            }
            (None, '#') if word.is_none() => break,
            _ => word.get_or_insert_default().push(c),
        }
    }
    end(&mut word, &mut commands, &mut redirected);
    commands.retain(|words| !words.is_empty());
    commands
}

/// The arguments of refrain in a command, with its own name first.
fn of_refrain(words: &[String]) -> Option<Vec<String>> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let own = match &words[..] {
        ["refrain", ..] => &words[1..],
        ["ssh", _, "refrain", own @ ..] => own,
        ["cargo", "run", "--release", "--", own @ ..] => own,
        _ => return None,
    };
    // The name of a shell is one of five.
    let own = own.iter().map(|word| if *word == "SHELL" { "bash" } else { word });
    Some(["refrain"].into_iter().chain(own).map(str::to_owned).collect())
}

/// What a document shows: lines of shell blocks, with prompts elsewhere, comments of the script that writes output, and words
/// within a sentence, which may leave out what a command needs.
fn shown(text: &str) -> Vec<(String, bool)> {
    let mut found = Vec::new();
    let mut block: Option<&str> = None;
    for line in text.lines() {
        if let Some(kind) = line.trim_start().strip_prefix("```") {
            block = if block.is_some() { None } else { Some(kind) };
        } else if block == Some("sh") {
            found.push((line.to_owned(), true));
        } else if let (Some(_), Some(line)) = (block, line.strip_prefix("$ ")) {
            found.push((line.to_owned(), true));
        } else if let (None, Some(comment)) = (block, line.strip_prefix("<!-- ")) {
            let command = comment.strip_prefix("output of: ").or(comment.strip_prefix("picture of: "));
            found.extend(command.map(|c| (c.trim_end_matches(" -->").to_owned(), true)));
        } else if block.is_none() {
            let line = line.replace("\\|", "|");
            found.extend(line.split('`').skip(1).step_by(2).map(|words| (words.to_owned(), false)));
        }
    }
    found
}

#[test]
fn every_command_in_the_documents_is_one_that_the_program_accepts() {
    let mut count = 0;
    let mut refused = Vec::new();
    for document in documents() {
        for (line, whole) in shown(&read(&document)) {
            for words in commands(&line).iter().filter_map(|words| of_refrain(words)) {
                let words = args::with_double_dashes(&Cli::command(), words.into_iter().map(Into::into));
                let outcome = Cli::try_parse_from(words).map_err(|e| e.kind());
                let accepted = match outcome {
                    Ok(_) | Err(ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => true,
                    Err(
                        ErrorKind::MissingRequiredArgument
                        | ErrorKind::MissingSubcommand
                        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand,
                    ) => !whole,
                    Err(_) => false,
                };
                if !accepted {
                    refused.push(format!("{}: {line}: {outcome:?}", document.display()));
                }
                count += 1;
            }
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
    assert!(count > 100, "{count}");
}

#[test]
fn words_of_a_shell_are_split() {
    let words = |line: &str| commands(line).iter().map(|words| words.join("|")).collect::<Vec<_>>();
    assert_eq!(words("a 'b c' --x=\"d e\" > out # no"), ["a|b c|--x=d e"]);
    assert_eq!(words("a | b && source <(c d)"), ["a", "b", "source", "c|d"]);
    assert_eq!(words("  # nothing"), [""; 0]);
}

/// Every command that runs, by its words.
fn leaves(command: &Command, above: &str, found: &mut BTreeMap<String, Command>) {
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help" && !sub.is_hide_set()) {
        let name = format!("{above} {}", sub.get_name()).trim_start().to_owned();
        leaves(sub, &name, found);
        if !sub.is_subcommand_required_set() {
            found.insert(name, sub.clone());
        }
    }
}

/// The part of the manual's page below a heading, up to the next one.
fn section<'a>(page: &'a str, heading: &str) -> Option<&'a str> {
    let (_, rest) = page.split_once(&format!("\n{heading}\n"))?;
    Some(rest.split("\n#").next().unwrap_or(rest))
}

/// The rows of a section's table, without its head.
fn rows(section: &str) -> impl Iterator<Item = Vec<String>> {
    section.lines().filter(|line| line.starts_with('|')).skip(2).map(|line| {
        let line = line.trim_matches('|').replace("\\|", "\0");
        line.split('|').map(|cell| cell.trim().replace('\0', "|")).collect()
    })
}

fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// An option as the manual writes it: `-j`, `--threads N`.
fn written(option: &Arg) -> Vec<String> {
    let mut written: Vec<String> = option.get_short().map(|short| format!("-{short}")).into_iter().collect();
    let mut long = format!("--{}", option.get_long().expect("a long name"));
    if option.get_action().takes_values() {
        for name in option.get_value_names().expect("a value has a name") {
            long.push(' ');
            long.push_str(name);
        }
    }
    written.push(long);
    written
}

#[test]
fn the_manual_names_every_command_and_option_and_no_other() {
    let page = read(&root().join("docs/command-line.md"));
    let mut cli = Cli::command();
    cli.build();
    let mut all = BTreeMap::new();
    leaves(&cli, "", &mut all);

    let mut named = Vec::new();
    for row in rows(section(&page, "## Commands").expect("the commands")) {
        let words = row[0].trim_matches('`').strip_prefix("refrain ").expect("a command");
        let is_named = |name: &&String| words == *name || words.starts_with(&format!("{name} "));
        // The longest, because the name of one command may be the beginning of another one's.
        let name = all.keys().filter(is_named).max_by_key(|name| name.len());
        named.push(name.unwrap_or_else(|| panic!("there is no command `refrain {words}`")).clone());
    }
    let listed: BTreeSet<String> = named.iter().cloned().collect();
    assert_eq!((listed.iter().collect::<Vec<_>>(), named.len()), (all.keys().collect(), all.len()));

    let of_several: Vec<Vec<String>> =
        rows(section(&page, "## Options of several commands").expect("their options")).collect();
    // The options of a command with a page of its own are there.
    let own_of = |name: &str| {
        let own = section(&page, &format!("### `refrain {name}`"))?;
        let Some((_, link)) = own.split_once("](").filter(|(_, link)| link.contains(".md#options)")) else {
            return Some(rows(own).collect::<Vec<_>>());
        };
        let name = link.split('#').next().expect("a name");
        let other = read(&root().join("docs").join(name));
        Some(rows(section(&other, "## Options").expect("its options")).collect())
    };
    for row in &of_several {
        for pattern in quoted(&row[1]) {
            let known = pattern == "*" || pattern == "index *" || all.contains_key(pattern);
            assert!(known, "{}: there is no command {pattern}", row[0]);
        }
    }
    for heading in page.lines().filter_map(|line| line.strip_prefix("### `refrain ")) {
        assert!(all.contains_key(heading.trim_end_matches('`')), "there is no command {heading}");
    }
    for (name, command) in &all {
        // A short form has the options of the command that it stands for.
        let name =
            Some(format!("index {name}")).filter(|long| all.contains_key(long)).unwrap_or(name.clone());
        let name = &name;
        let shared = of_several.iter().filter(|row| {
            quoted(&row[1]).iter().any(|pattern| match *pattern {
                "*" => true,
                "index *" => name.starts_with("index "),
                pattern => pattern == name,
            })
        });
        let told: BTreeMap<Vec<String>, String> = shared
            .cloned()
            .chain(own_of(name).unwrap_or_default())
            .map(|row| {
                let names = quoted(&row[0]).into_iter().map(str::to_owned).collect();
                (names, row.last().expect("a cell").clone())
            })
            .collect();
        let options: Vec<&Arg> = command
            .get_arguments()
            .filter(|arg| !arg.is_positional() && !arg.is_hide_set())
            .filter(|arg| !["help", "version"].contains(&arg.get_id().as_str()))
            .collect();
        let real: BTreeSet<Vec<String>> = options.iter().map(|arg| written(arg)).collect();
        assert_eq!(
            told.keys().cloned().collect::<BTreeSet<_>>(),
            real,
            "`refrain {name}` in docs/command-line.md"
        );
        for option in options.iter().filter(|arg| arg.get_action().takes_values()) {
            let text = &told[&written(option)];
            for value in option.get_default_values() {
                let default = format!("Default: {}", value.to_string_lossy());
                assert!(text.contains(&default), "`refrain {name}`: {option}: {default}: {text}");
            }
        }
    }
}
