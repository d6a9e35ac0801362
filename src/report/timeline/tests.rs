use std::{io, path::Path};

use super::{
    Play, Timeline,
    writer::{TimelineFormat, TimelineWriter},
};
use crate::{report::document::json, store::TrackId, tags::Tags, units::Seconds};

fn play(start: f64, end: f64, artist: Option<&str>, title: Option<&str>) -> Play {
    let mut tags = Tags::default();
    (tags.artist, tags.title) = (artist.map(str::to_owned), title.map(str::to_owned));
    Play {
        start: Seconds(start),
        end: Seconds(end),
        path: "/m/a, \"b\".flac".into(),
        ref_start: Seconds(0.0),
        ref_end: Seconds(end - start),
        tempo: 1.0,
        pitch: 0.0,
        score: 0.99,
        id: TrackId(7),
        shard: None,
        also_paths: vec![],
        copies: vec![],
        missing: false,
        tags,
    }
}

/// Names that each format must cope with, one after the other, with an overlap of 5 s and an unknown stretch of 20 s.
fn odd() -> Vec<Play> {
    let mut moved = play(55.0, 90.0, Some("Björk"), Some("\u{2018}Jóga\u{2019}"));
    (moved.ref_start, moved.ref_end, moved.tempo, moved.pitch) = (Seconds(30.5), Seconds(67.25), 1.05, 0.84);
    vec![
        play(0.25, 30.0, Some("A \"Q\", B"), Some("T\tU\nV")),
        play(30.0, 60.0, None, Some("C:\\")),
        moved,
        play(110.0, 359_999.999, Some("Only"), None),
    ]
}

fn timeline(plays: Vec<Play>, duration: f64) -> Timeline {
    Timeline { file: "s.wav".into(), duration: Seconds(duration), plays, ..Timeline::default() }
}

/// What is written for a recording called `file`, and what was left out.
fn written(format: TimelineFormat, file: &str, timeline: &Timeline) -> (String, Option<String>) {
    let mut writer = TimelineWriter::new(Vec::new(), format).unwrap();
    writer.begin(file.as_ref()).unwrap();
    timeline.plays.iter().for_each(|play| writer.play(play).unwrap());
    let left_out = writer.end(timeline).unwrap();
    (String::from_utf8(writer.into_inner()).unwrap(), left_out)
}

fn odd_as(format: TimelineFormat) -> String {
    let (text, left_out) = written(format, "my \"show\" é.mp3", &timeline(odd(), 359_999.999));
    assert_eq!(left_out, None);
    text
}

#[test]
fn the_list_has_plays_gaps_and_overlaps_in_order() {
    assert_eq!(
        odd_as(TimelineFormat::List),
        "my \"show\" é.mp3
   0:00.3 - 0:30.0     A \"Q\", B - T U V
   0:30.0 - 1:00.0     C:\\
   0:55.0 - 1:30.0     Björk - \u{2018}Jóga\u{2019} (from 0:30.5, speed 1.050, pitch +0.84)
   0:55.0 - 1:00.0     two at once
   1:30.0 - 1:50.0     unknown
   1:50.0 - 100:00:00.0  Only - a, \"b\"
"
    );
}

#[test]
fn the_list_ends_with_what_no_play_covers() {
    let list = |timeline: &Timeline| written(TimelineFormat::List, "s.wav", timeline).0;
    let mut told = timeline(vec![], 20.0);
    assert_eq!(list(&told), "s.wav\n   0:00.0 - 0:20.0     unknown\n");
    told.silent = vec![(Seconds(0.0), Seconds(20.0))];
    assert_eq!(list(&told), "s.wav\n   0:00.0 - 0:20.0     silent\n");
    told.plays = vec![play(0.0, 4.0, None, Some("T"))];
    told.silent = vec![(Seconds(12.0), Seconds(20.0))];
    told.unknown = vec![(Seconds(4.0), Seconds(12.0))];
    let tail = "   0:04.0 - 0:12.0     unknown\n   0:12.0 - 0:20.0     silent\n";
    assert_eq!(list(&told), format!("s.wav\n   0:00.0 - 0:04.0     T\n{tail}"));
    let short = timeline(vec![play(2.9, 17.1, None, Some("T"))], 20.0);
    assert_eq!(list(&short), "s.wav\n   0:02.9 - 0:17.1     T\n", "shorter stretches are not worth a line");
    assert_eq!(list(&timeline(vec![], 1.0)), "s.wav\n", "a recording is named in any case");
}

#[test]
fn a_tracklist_to_paste() {
    assert_eq!(
        odd_as(TimelineFormat::Text),
        "[00:00:00] A \"Q\", B - T U V
[00:00:30] C:\\
[00:00:55] Björk - \u{2018}Jóga\u{2019}
[00:01:30] ID - ID
[00:01:50] Only - a, \"b\"
"
    );
    let text = |timeline: &Timeline| written(TimelineFormat::Text, "s.wav", timeline).0;
    let long = timeline(vec![play(360_000.5, 360_010.0, None, Some("T"))], 360_030.0);
    assert_eq!(text(&long), "[00:00:00] ID - ID\n[100:00:00] T\n[100:00:10] ID - ID\n");
    let mut silent = timeline(vec![play(0.0, 10.0, None, Some("T"))], 100.0);
    silent.silent = vec![(Seconds(10.0), Seconds(100.0))];
    assert_eq!(text(&silent), "[00:00:00] T\n", "silence is no track");
}

#[test]
fn the_list_has_each_silent_stretch_once() {
    let mut ends = timeline(vec![play(0.0, 30.1, None, Some("T"))], 100.0);
    // A play ends a little after the silence begins.
    ends.silent = vec![(Seconds(10.0), Seconds(14.0)), (Seconds(30.0), Seconds(100.0))];
    let list = written(TimelineFormat::List, "s.wav", &ends).0;
    let silent: Vec<&str> = list.lines().filter(|line| line.ends_with("silent")).collect();
    assert_eq!(silent, ["   0:30.1 - 1:40.0     silent", "   0:10.0 - 0:14.0     silent"]);
}

#[test]
fn csv_has_the_fields_of_the_document() {
    let text = odd_as(TimelineFormat::Csv);
    let mut lines = text.split_inclusive('\n');
    let columns: Vec<_> = lines.next().unwrap().trim_end().split(',').collect();
    let document: serde_json::Value =
        serde_json::from_str(&json(Path::new("s.wav"), &Ok(timeline(odd(), 1.0)))).unwrap();
    for column in &columns[1..] {
        assert!(document["plays"][0].get(column).is_some(), "{column}");
    }
    assert!(document.get(columns[0]).is_some());
    let path = "\"/m/a, \"\"b\"\".flac\"";
    let rest: String = lines.collect();
    let rows = [
        format!(
            "\"my \"\"show\"\" é.mp3\",0.250,30.000,{path},0.000,29.750,1,0,0.99,7,\"T\tU\nV\",\"A \"\"Q\"\", B\",,,,,,,false\n"
        ),
        format!("\"my \"\"show\"\" é.mp3\",30.000,60.000,{path},0.000,30.000,1,0,0.99,7,C:\\,,,,,,,,false\n"),
    ];
    assert!(rest.starts_with(&rows.concat()), "{rest}");
    assert!(rest.contains(",30.500,67.250,1.05,0.84,"));
}

#[test]
fn a_cue_sheet_numbers_its_tracks() {
    assert_eq!(
        odd_as(TimelineFormat::Cue),
        "FILE \"my 'show' é.mp3\" MP3
  TRACK 01 AUDIO
    TITLE \"T U V\"
    PERFORMER \"A 'Q', B\"
    INDEX 01 00:00:19
  TRACK 02 AUDIO
    TITLE \"C:\\ \"
    INDEX 01 00:30:00
  TRACK 03 AUDIO
    TITLE \"\u{2018}Jóga\u{2019}\"
    PERFORMER \"Björk\"
    INDEX 01 00:55:00
  TRACK 04 AUDIO
    TITLE \"a, 'b'\"
    PERFORMER \"Only\"
    INDEX 01 01:50:00
"
    );
    let at =
        |start| written(TimelineFormat::Cue, "a.AIF", &timeline(vec![play(start, 4e5, None, None)], 4e5)).0;
    assert!(at(360_000.0).starts_with("FILE \"a.AIF\" AIFF\n"));
    assert!(at(360_000.0).ends_with("INDEX 01 6000:00:00\n"));
    assert!(at(59.999).ends_with("INDEX 01 01:00:00\n"), "the last frame rounds up to the minute");
    assert_eq!(written(TimelineFormat::Cue, "a.flac", &timeline(vec![], 9.0)), (String::new(), None));
}

#[test]
fn a_cue_sheet_has_99_tracks_over_all_recordings() {
    let plays = |n: u32| (0..n).map(|i| play(f64::from(i), f64::from(i + 1), None, None)).collect::<Vec<_>>();
    let left_out = |n| written(TimelineFormat::Cue, "a.flac", &timeline(plays(n), 200.0)).1;
    assert_eq!(left_out(99), None);
    assert_eq!(left_out(100).unwrap(), "the last 1 play was left out: a CUE sheet has at most 99 tracks");
    let mut writer = TimelineWriter::new(Vec::new(), TimelineFormat::Cue).unwrap();
    let mut told = Vec::new();
    for n in [60, 0, 60, 2] {
        writer.begin("a.flac".as_ref()).unwrap();
        plays(n).iter().for_each(|play| writer.play(play).unwrap());
        told.push(writer.end(&timeline(plays(n), 60.0)).unwrap().is_some());
    }
    assert_eq!(told, [false, false, true, true]);
    let sheet = String::from_utf8(writer.into_inner()).unwrap();
    let numbers = sheet.lines().filter_map(|line| line.trim().strip_prefix("TRACK ")?.strip_suffix(" AUDIO"));
    assert!(numbers.eq((1..100).map(|n| format!("{n:02}"))));
    assert_eq!(sheet.matches("FILE ").count(), 2, "a file without tracks has no line");
}

#[test]
fn labels_are_three_fields() {
    assert_eq!(
        odd_as(TimelineFormat::Labels),
        "0.250000\t30.000000\tA \"Q\", B - T U V
30.000000\t60.000000\tC:\\
55.000000\t90.000000\tBjörk - \u{2018}Jóga\u{2019}
110.000000\t359999.999000\tOnly - a, \"b\"
"
    );
    let mut writer = TimelineWriter::new(Vec::new(), TimelineFormat::Labels).unwrap();
    writer.begin("a.wav".as_ref()).unwrap();
    assert_eq!(writer.begin("b.wav".as_ref()).unwrap_err().kind(), io::ErrorKind::InvalidInput);
}

#[test]
fn rttm_has_ten_fields_without_spaces() {
    let text = odd_as(TimelineFormat::Rttm);
    assert_eq!(
        text,
        "SPEAKER my_\"show\"_é 1 0.250 29.750 <NA> <NA> A_\"Q\",_B_-_T_U_V <NA> <NA>
SPEAKER my_\"show\"_é 1 30.000 30.000 <NA> <NA> C:\\ <NA> <NA>
SPEAKER my_\"show\"_é 1 55.000 35.000 <NA> <NA> Björk_-_\u{2018}Jóga\u{2019} <NA> <NA>
SPEAKER my_\"show\"_é 1 110.000 359889.999 <NA> <NA> Only_-_a,_\"b\" <NA> <NA>
"
    );
    assert!(text.lines().all(|line| line.split_whitespace().count() == 10));
    let mut writer = TimelineWriter::new(Vec::new(), TimelineFormat::Rttm).unwrap();
    for file in ["a/x.wav", "b/x.wav", "-"] {
        writer.begin(file.as_ref()).unwrap();
        writer.play(&play(0.0, 1.0, None, Some(" \u{2028} "))).unwrap();
    }
    let text = String::from_utf8(writer.into_inner()).unwrap();
    let files: Vec<_> = text.lines().map(|line| line.split(' ').nth(1).unwrap()).collect();
    assert_eq!(files, ["x", "b/x.wav", "-"], "two recordings of one name stay two");
    assert!(text.lines().all(|line| line.split_whitespace().count() == 10));
}

#[cfg(unix)]
#[test]
fn a_playlist_plays_parts_of_the_recording() {
    let plays = vec![play(0.25, 30.0, Some("A"), Some("T\nU")), play(359_999.0, 360_003.5, None, None)];
    assert_eq!(
        written(TimelineFormat::M3u, "/r/é #1.mp3", &timeline(plays, 4e5)).0,
        "#EXTM3U
#EXTINF:30,A - T U
#EXTVLCOPT:start-time=0.250
#EXTVLCOPT:stop-time=30.000
/r/é #1.mp3
#EXTINF:4,a, \"b\"
#EXTVLCOPT:start-time=359999.000
#EXTVLCOPT:stop-time=360003.500
/r/é #1.mp3
"
    );
    let mut writer = TimelineWriter::new(Vec::new(), TimelineFormat::M3u).unwrap();
    for refused in ["-", "a\nb.mp3", "a\rb.mp3"] {
        assert_eq!(writer.begin(refused.as_ref()).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }
}

#[test]
fn several_recordings_are_kept_apart() {
    let write = |format| {
        let mut writer = TimelineWriter::new(Vec::new(), format).unwrap();
        // The second one fails before its first play, the third one after it.
        for (file, ends) in [("a.wav", true), ("b.wav", false), ("c.wav", false), ("d.wav", true)] {
            writer.begin(file.as_ref()).unwrap();
            if file != "b.wav" {
                writer.play(&play(20.0, 40.0, None, Some(file))).unwrap();
            }
            if ends {
                writer.end(&timeline(vec![], 41.0)).unwrap();
            }
        }
        String::from_utf8(writer.into_inner()).unwrap()
    };
    let list = write(TimelineFormat::List);
    let one = |name| format!("{name}\n   0:00.0 - 0:20.0     unknown\n   0:20.0 - 0:40.0     {name}\n");
    assert_eq!(list, ["a.wav", "c.wav", "d.wav"].map(one).concat());
    let one = |name| format!("[00:00:00] ID - ID\n[00:00:20] {name}\n");
    assert_eq!(write(TimelineFormat::Text), ["a.wav", "c.wav", "d.wav"].map(one).join("\n"));
}

#[test]
fn the_json_has_the_promised_fields() {
    let mut told = timeline(vec![play(0.25, 30.0, Some("A"), Some("T"))], 90.0);
    told.plays[0].copies = vec!["/m/c.mp3".into()];
    told.unknown = vec![(Seconds(30.0), Seconds(60.0))];
    told.silent = vec![(Seconds(60.0), Seconds(90.0))];
    told.warnings = vec!["damaged".into()];
    assert_eq!(
        json(Path::new("s.wav"), &Ok(told)),
        r#"{"file":"s.wav","duration":90.0,"plays":[{"start":0.25,"end":30.0,"path":"/m/a, \"b\".flac","ref_start":0.0,"ref_end":29.75,"tempo":1.0,"pitch":0.0,"score":0.99,"id":7,"also_paths":[],"copies":["/m/c.mp3"],"missing":false,"title":"T","artist":"A","other_artists":[],"album":null,"track_number":null,"disc_number":null,"recording_mbid":null,"release_mbid":null,"acoustid":null}],"unknown":[[30.0,60.0]],"silent":[[60.0,90.0]],"overlap":[],"warnings":["damaged"]}"#
    );
    assert_eq!(
        json::<Timeline>(Path::new("x"), &Err(crate::Error::Interrupted)),
        r#"{"file":"x","status":"error","plays":[],"error":"interrupted"}"#
    );
}
