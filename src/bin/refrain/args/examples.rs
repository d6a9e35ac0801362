//! The examples at the end of each help text and manual page. tests/it/help.rs runs them all.
use clap::Command;

/// For each command, by the words after `refrain`: what it is good for, and the line.
const EXAMPLES: &[(&str, &[(&str, &str)])] = &[
    (
        "",
        &[
            ("Index a music folder, then find the song in a clip", "refrain build ~/Music"),
            ("", "refrain query clip.wav"),
            ("List the songs in an hour of radio", "refrain timeline show.mp3"),
        ],
    ),
    (
        "index",
        &[
            ("Index a music folder", "refrain index build ~/Music"),
            ("Index new and changed files", "refrain index update"),
            ("List the files that refrain could not use", "refrain index errors"),
        ],
    ),
    (
        "build",
        &[
            ("Index a music folder", "refrain build ~/Music"),
            ("Keep a separate index for one disk", "refrain build disk --db disk.refrain"),
        ],
    ),
    ("update", &[("Index new and changed files in all indexed folders", "refrain update")]),
    (
        "info",
        &[
            ("Show how many tracks the index has", "refrain info"),
            ("Print JSON for a script", "refrain info --json"),
        ],
    ),
    (
        "list",
        &[
            (
                "List the tracks with a word in their title, artist, album or path",
                "refrain list Kestrel --sort album",
            ),
            ("Make a playlist of an artist's tracks", "refrain list artist:Kestrel --m3u > kestrel.m3u8"),
            ("Make a playlist of a folder", "refrain list ~/Music/live --m3u > live.m3u8"),
        ],
    ),
    (
        "duplicates",
        &[
            ("List the recordings that are in the library more than once", "refrain duplicates"),
            (
                "Keep the files of one folder instead of copies elsewhere",
                "refrain duplicates --prefer ~/Music",
            ),
            ("Move the spare files to the trash without asking first", "refrain duplicates --trash --yes"),
        ],
    ),
    (
        "versions",
        &[
            (
                "List the live recordings and covers of an indexed song",
                "refrain versions ~/Music/live/orbit.flac",
            ),
            ("Take a song that is not in the index, and list its versions", "refrain versions song.flac"),
        ],
    ),
    (
        "similar",
        &[
            (
                "List the tracks most similar in harmony to one song",
                "refrain similar ~/Music/live/orbit.flac",
            ),
            (
                "Make a playlist of one song and 30 similar tracks",
                "refrain similar ~/Music/live/orbit.flac -n 30 --m3u > alike.m3u8",
            ),
        ],
    ),
    (
        "duplicates undo",
        &[("Put back the files that the last run moved or replaced", "refrain duplicates undo")],
    ),
    (
        "index build",
        &[
            ("Index a music folder", "refrain index build ~/Music"),
            ("Index a second folder and a file", "refrain index build disk song.flac"),
            ("Keep a separate index for one disk", "refrain index build disk --db disk.refrain"),
        ],
    ),
    (
        "index update",
        &[
            ("Index new and changed files in all indexed folders", "refrain index update"),
            (
                "Update the index at fixed times with cron, and print only errors",
                "refrain index update --quiet",
            ),
        ],
    ),
    (
        "index info",
        &[
            ("Show how many tracks the index has", "refrain index info"),
            ("Print JSON for a script", "refrain index info --json"),
        ],
    ),
    (
        "index list",
        &[
            (
                "List the tracks with a word in their title, artist, album or path",
                "refrain index list Kestrel --sort album",
            ),
            (
                "Make a playlist of an artist's tracks",
                "refrain index list artist:Kestrel --m3u > kestrel.m3u8",
            ),
            ("List the missing files", "refrain index list missing"),
        ],
    ),
    (
        "index errors",
        &[
            ("List the files that refrain could not use, with the reason", "refrain index errors"),
            (
                "Read unusable files again, for example after you install ffmpeg",
                "refrain index errors --retry",
            ),
        ],
    ),
    (
        "index remove",
        &[
            (
                "List the files that match a pattern, but remove no files",
                "refrain index remove 'live/**' --dry-run",
            ),
            ("Remove a folder from the index", "refrain index remove ~/Music/live"),
        ],
    ),
    (
        "index prune",
        &[
            ("Show which files `prune` would remove", "refrain index prune --dry-run"),
            ("Remove missing files from the index", "refrain index prune"),
        ],
    ),
    (
        "index relocate",
        &[(
            "Tell the index that the files of ~/Music are now in `disk`",
            "refrain index relocate ~/Music disk",
        )],
    ),
    (
        "index merge",
        &[(
            "Add the tracks of two other indexes to this index",
            "refrain index merge other.refrain third.refrain",
        )],
    ),
    (
        "index verify",
        &[
            ("Check the index", "refrain index verify"),
            (
                "Check the index other.refrain, and print the result as JSON",
                "refrain index verify --json --db other.refrain",
            ),
        ],
    ),
    (
        "index rebuild",
        &[("Rebuild the data for fast searches and for `refrain versions`", "refrain index rebuild")],
    ),
    ("index compact", &[("Shrink the index file after you remove many tracks", "refrain index compact")]),
    (
        "index export",
        &[
            ("Print all tracks as JSON", "refrain index export > tracks.jsonl"),
            (
                "Copy the index, even while refrain adds files to the index",
                "refrain index export --file backup/copy.refrain",
            ),
        ],
    ),
    (
        "query",
        &[
            ("Find the song in a clip", "refrain query clip.wav"),
            ("Identify the files in a folder, and print a table", "refrain query unknown/ --csv > found.csv"),
            (
                "Show the tracks most similar to the clip, even if they do not match",
                "refrain query clip.wav --explain",
            ),
        ],
    ),
    #[cfg(feature = "serve")]
    (
        "serve",
        &[
            ("Open the library in a browser at http://127.0.0.1:8333", "refrain serve"),
            (
                "Let other computers use the server if they know the token",
                "refrain serve --bind 0.0.0.0 --token-file token",
            ),
        ],
    ),
    #[cfg(feature = "explain")]
    (
        "explain",
        &[
            ("Say why a clip does or does not match a song", "refrain explain clip.wav"),
            ("Draw a picture", "refrain explain clip.wav --out why.svg"),
            (
                "Say why a clip does or does not match this song",
                "refrain explain clip.wav ~/Music/live/orbit.flac --out why.html",
            ),
        ],
    ),
    (
        "timeline",
        &[
            ("List the songs in an hour of radio", "refrain timeline show.mp3"),
            ("Write a CUE sheet for a mix", "refrain timeline --min-length 20 --cue set.flac > set.cue"),
            (
                "Make a table of the songs in many broadcasts",
                "refrain timeline --csv broadcasts/ > played.csv",
            ),
        ],
    ),
    #[cfg(feature = "listen")]
    (
        "listen",
        &[
            ("Follow a radio stream", "refrain listen http://radio.example/live"),
            (
                "Name the songs in the sound that another program records",
                "arecord -q -t raw -f S16_LE -r 44100 | refrain listen -",
            ),
            (
                "Write the name of the song to a file, for example for OBS",
                "refrain listen http://radio.example/live --now-playing now.txt",
            ),
        ],
    ),
    (
        "analyze",
        &[
            ("Show key, tuning and pitch of a file", "refrain analyze song.flac"),
            ("Make a table of a folder", "refrain analyze ~/Music --csv > keys.csv"),
            ("Draw a picture", "refrain analyze song.flac --plot pictures/song.svg"),
        ],
    ),
    (
        "fingerprint",
        &[
            ("Print the fingerprint that AcoustID looks up", "refrain fingerprint song.flac"),
            (
                "Print JSON with a fingerprint of the whole file",
                "refrain fingerprint --json --length 0 song.flac",
            ),
        ],
    ),
    (
        "completions",
        &[
            ("Write the bash completions to a file", "refrain completions bash > refrain.bash"),
            ("In fish", "refrain completions fish > refrain.fish"),
        ],
    ),
    (
        "man",
        &[(
            "Save the manual pages as files, and read one of them",
            "refrain man man1 && man -l man1/refrain-query.1",
        )],
    ),
];

/// The examples of a command, named by the words after `refrain`.
pub fn of(words: &str) -> &'static [(&'static str, &'static str)] {
    EXAMPLES.iter().find(|(name, _)| *name == words).map_or(&[], |(_, examples)| examples)
}

/// Puts the examples at the end of the help of a command and of all commands in it.
pub fn added(command: Command, words: &str) -> Command {
    let mut text = command.get_after_help().map_or_else(String::new, |text| format!("{text}\n\n"));
    text += "Examples:";
    for (n, (what, line)) in of(words).iter().enumerate() {
        if !what.is_empty() {
            text += &format!("{}\n  # {what}", if n > 0 { "\n" } else { "" });
        }
        text += &format!("\n  {line}");
    }
    let names: Vec<String> = command.get_subcommands().map(|command| command.get_name().to_owned()).collect();
    names.iter().fold(command.after_help(text), |command, name| {
        let below = format!("{words} {name}");
        command.mut_subcommand(name, |command| added(command, below.trim_start()))
    })
}
