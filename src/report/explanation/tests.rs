use super::*;
use crate::{
    report::{
        answer::{Match, Status},
        versions::Version,
    },
    store::TrackId,
    tags::Tags,
    units::Seconds,
};

/// What is longer than a picture may be.
const MOST: usize = 300_000;

fn found(path: &str, title: &str, evidence: f64) -> Match {
    Match {
        path: path.into(),
        also_paths: Vec::new(),
        copies: Vec::new(),
        missing: false,
        id: TrackId(7),
        shard: None,
        score: 0.31,
        query_start: Seconds(1.0),
        query_end: Seconds(9.0),
        ref_start: Seconds(61.0),
        ref_end: Seconds(69.4),
        also_at: Vec::new(),
        tempo: 1.05,
        pitch: -0.84,
        tags: Tags { title: Some(title.into()), artist: Some("An Artist".into()), ..Tags::default() },
        evidence,
        similarity: 0.62,
        runner_up: 11.8,
        variants: 1,
    }
}

/// A refusal because of a rival, of a clip of 10 s. All that can be random is.
pub(super) fn explanation() -> Explanation {
    let mut random = fastrand::Rng::with_seed(4);
    let mut map = |columns: usize, values: usize| -> Vec<Vec<f32>> {
        (0..columns).map(|_| (0..values).map(|_| (random.f32() * 1e3).round() / 1e3).collect()).collect()
    };
    let curve = |to: f64| EvidenceCurve {
        frames: (0..54).map(|n| (f64::from(n) * 0.186, 0.3 * f64::from(n % 5) - 0.2)).collect(),
        windows: (0..12).map(|n| (f64::from(n) * 0.743, 0.2)).collect(),
        sum: (0..=40).map(|n| (1.0 + f64::from(n) * 0.2, to * f64::from(n) / 40.0)).collect(),
    };
    Explanation {
        query: "clips/<clip>.wav".into(),
        status: Status::NoMatch,
        rule: Rule::Rival,
        reason: "refused: another track fits as well: evidence 12.1 against 11.8".into(),
        min_score: 0.9,
        place: Some(found("/m/a.flac", "</text><script>alert(1)</script>", 12.1)),
        rival: Some(found("/m/b.flac", "日本の歌 & Ελλάδα", 11.8)),
        needed_evidence: Some(15.2),
        other_rendering: 0.01,
        duration: Seconds(10.0),
        track_duration: Some(Seconds(240.0)),
        path: vec![(1.2, 61.2), (8.8, 69.2)],
        evidence: Some(curve(12.1)),
        rival_evidence: Some(curve(11.8)),
        votes: Some(Votes {
            track: (0..400).map(|n| (f64::from(n) * 0.6, f64::from(n % 7) / 7.0)).collect(),
            rival: vec![(30.0, 3.1)],
        }),
        clip_chroma: Some(ChromaMap { start: 0.1, step: 0.093, values: map(107, 60) }),
        track_chroma: Some(ChromaMap { start: 59.0, step: 0.186, values: map(60, 60) }),
        similarity: Some(SimilarityMap {
            clip_start: 0.1,
            clip_step: 0.093,
            track_start: 56.0,
            track_step: 0.186,
            values: map(107, 90),
        }),
        version: None,
        version_similarity: None,
        warnings: vec!["a <warning>".into()],
    }
}

/// All text of an SVG document.
fn texts(svg: &str) -> String {
    let document = resvg::usvg::roxmltree::Document::parse(svg).unwrap();
    let all = document.descendants().filter(|n| n.has_tag_name("text"));
    all.filter_map(|n| n.text()).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_picture_is_valid_shows_the_numbers_and_is_small() {
    let explained = explanation();
    for theme in [Theme::Light, Theme::Dark, Theme::Auto] {
        let svg = explained.svg(theme).unwrap();
        let shown = texts(&svg);
        for part in [
            &explained.reason[..],
            "</text><script>alert(1)</script> – An Artist",
            "日本の歌 & Ελλάδα",
            "12.1 track",
            "11.8 other track",
            "15.2 needed",
            "score 0.310",
            "speed 1.050",
            "pitch -0.84",
        ] {
            assert!(shown.contains(part), "{part} in {shown}");
        }
        assert!(!svg.contains("<script"));
        assert_eq!(svg.matches("image-rendering:pixelated").count(), 5);
        let png = explained.png(theme).unwrap();
        assert!(svg.len() < MOST && png.png.len() < MOST, "{} {}", svg.len(), png.png.len());
        let mut decoder = ::png::Decoder::new(io::Cursor::new(&png.png));
        decoder.set_transformations(::png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        assert_eq!((reader.info().width, reader.info().height), (1470, 1530));
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        // The brightest colour of the heat maps.
        let bright = pixels.as_chunks::<3>().0.iter().filter(|p| **p == [252, 250, 170]).count();
        assert!(bright > 1_000, "{bright}");
    }
}

/// Random chroma is the largest there is: ten minutes of it have as many columns as there may be.
#[test]
fn a_long_clip_is_small_too() {
    let mut explained = explanation();
    explained.duration = Seconds(600.0);
    let mut random = fastrand::Rng::with_seed(9);
    let mut map = |columns: usize, values: usize| -> Vec<Vec<f32>> {
        (0..columns).map(|_| (0..values).map(|_| 0.4 * random.f32()).collect()).collect()
    };
    explained.clip_chroma = Some(ChromaMap { start: 0.0, step: 1.0, values: map(640, 60) });
    explained.track_chroma = Some(ChromaMap { start: 60.0, step: 1.0, values: map(640, 60) });
    if let Some(similarity) = &mut explained.similarity {
        similarity.values = map(324, 200);
    }
    let (svg, png) = (explained.svg(Theme::Auto).unwrap(), explained.png(Theme::Auto).unwrap());
    assert!(svg.len() < MOST, "{}", svg.len());
    assert!(png.png.len() < 3 * MOST, "{}", png.png.len());
}

#[test]
fn the_page_escapes_and_loads_nothing() {
    let page = explanation().html(Theme::Auto).unwrap();
    assert!(page.contains("&lt;clip&gt;.wav") && page.contains("a &lt;warning&gt;"));
    assert!(!page.contains("<script") && !page.contains("http-equiv=\"refresh\""));
    assert!(page.contains("default-src 'none'") && page.contains("Evidence that a match needs here: 15.2"));
    // The one address is the name of the SVG format.
    assert_eq!(page.matches("http://").count(), 1);
    assert_eq!(page.matches("https://").count(), 0);
    assert!(explanation().html(Theme::Dark).unwrap().contains("content=\"dark\""));
}

#[test]
fn another_performance_has_a_panel_of_its_own() {
    let plain = explanation();
    let mut random = fastrand::Rng::with_seed(6);
    let mut explained = Explanation {
        version: Some(Version {
            path: "/m/live.flac".into(),
            also_paths: Vec::new(),
            same_recording: false,
            missing: false,
            id: TrackId(9),
            score: 0.973,
            transposition: -3,
            tempo: 1.07,
            alignment: (0..90).map(|n| [Seconds(f64::from(n)), Seconds(f64::from(n) * 1.07 + 5.0)]).collect(),
            evidence: 60.0,
            chance: 15.0,
            tags: Tags { title: Some("Live & <loud>".into()), ..Tags::default() },
        }),
        version_similarity: Some(SimilarityMap {
            clip_start: 0.9,
            clip_step: 0.7,
            track_start: 0.9,
            track_step: 0.7,
            values: (0..160).map(|_| (0..160).map(|_| random.f32()).collect()).collect(),
        }),
        ..explanation()
    };
    let svg = explained.svg(Theme::Auto).unwrap();
    assert!(texts(&svg).contains("Another performance: Live & <loud> · score 0.97"));
    assert!(svg.len() < MOST, "{}", svg.len());
    assert_eq!(svg.matches("image-rendering:pixelated").count(), 7);
    assert!(svg.len() > plain.svg(Theme::Auto).unwrap().len());
    let page = explained.html(Theme::Auto).unwrap();
    assert!(page.contains("Live &amp; &lt;loud&gt;") && page.contains("<td>-3</td>"));
    // Below the chroma, if there is no place.
    (explained.place, explained.evidence) = (None, None);
    assert!(texts(&explained.svg(Theme::Light).unwrap()).contains("Another performance"));
}

#[test]
fn a_clip_alone_has_a_smaller_picture() {
    let mut explained = explanation();
    (explained.place, explained.rival, explained.evidence) = (None, None, None);
    (explained.votes, explained.similarity, explained.track_chroma) = (None, None, None);
    let whole = explanation().svg(Theme::Light).unwrap();
    let svg = explained.svg(Theme::Light).unwrap();
    assert!(texts(&svg).contains("time in the clip") && !texts(&svg).contains("Track, at the place"));
    let height = |svg: &str| {
        let document = resvg::usvg::roxmltree::Document::parse(svg).unwrap();
        document.root_element().attribute("height").unwrap().parse::<f64>().unwrap()
    };
    assert!(height(&svg) < 0.5 * height(&whole));
    // Not even a chroma.
    explained.clip_chroma = None;
    assert!(explained.png(Theme::Light).unwrap().png.len() > 1_000);
}

#[test]
fn the_document_has_the_fields_of_a_match() {
    let document: serde_json::Value =
        serde_json::from_str(&crate::report::json("x".as_ref(), &Ok(explanation()))).unwrap();
    assert_eq!(document["rule"], "rival");
    assert_eq!((&document["place"]["rival"], &document["place"]["evidence"]), (&11.8.into(), &12.1.into()));
    assert_eq!(document["path"], serde_json::json!([[1.2, 61.2], [8.8, 69.2]]));
    let failed = crate::report::json::<Explanation>("x".as_ref(), &Err(Error::Interrupted));
    assert_eq!(failed, r#"{"query":"x","status":"error","error":"interrupted"}"#);
}
