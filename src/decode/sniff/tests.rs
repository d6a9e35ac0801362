use std::io::Write;

use super::*;

fn named(head: &[u8]) -> Option<(String, Helper)> {
    sniff(head).map(|foreign| (foreign.name.into_owned(), foreign.use_of))
}

fn by(name: &str, demuxer: &'static str) -> Option<(String, Helper)> {
    Some((name.to_owned(), Helper::Demuxer(demuxer)))
}

fn padded(head: &[u8]) -> Vec<u8> {
    [head, &[0; 100]].concat()
}

#[test]
fn signatures_are_recognised_with_the_field_that_tells_them_from_text() {
    for (head, expected) in [
        (&b"wvpk\x10\0\0\0\x10\x04"[..], by("WavPack", "wv")),
        (b"MAC \x96\x0f", by("Monkey's Audio", "ape")),
        (b"MAC address list", None),
        (b"TTA1\x01\0", by("TTA", "tta")),
        (b"MPCKSH", by("Musepack", "mpc8")),
        (b"MP+\x07", by("Musepack", "mpc")),
        (b"MP+\x17", by("Musepack", "mpc")),
        (b"DSD \x1c\0\0\0", by("DSD", "dsf")),
        (b"FRM8\0\0\0\0\0\0\0\x10DSD ", by("DSD", "iff")),
        (b"#!AMR\n\x3c", by("AMR", "amr")),
        (b"#!AMR-WB\n\x04", by("AMR", "amr")),
        (b"#!AMR is a script", None),
        (b"RIFF\0\0\0\0AVI LIST", by("AVI", "avi")),
        (b"RIFF\0\0\0\0WEBPVP8 ", None),
        (b"RIFF\0\0\0\0WAVEfmt ", None),
        (b".RMF\0\0\0\x12", by("RealMedia", "rm")),
        (b".ra\xfd\0\x04", by("RealAudio", "rm")),
        (b"FLV\x01\x04", by("FLV", "flv")),
        (b"\0\0\x01\xba\x44", by("MPEG program stream", "mpeg")),
        (b"Creative Voice File\x1a", by("VOC", "voc")),
        (b"OFR \x0c\0\0\0", Some(("OptimFROG".to_owned(), Helper::Nobody))),
        (b"\0\0\0\x20ftypaax ", Some(("Audible".to_owned(), Helper::Protected))),
        (b"\0\0\0\x20ftypM4A ", None),
        (b"", None),
        (b"wvp", None),
    ] {
        assert_eq!(named(&padded(head)), expected, "{}", head.escape_ascii());
    }
}

/// An ASF header with one object after another.
fn asf(objects: &[(&[u8], &[u8])]) -> Vec<u8> {
    let mut all = b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c".to_vec();
    all.extend([0; 14]);
    for (id, content) in objects {
        all.extend(*id);
        all.extend((24 + content.len() as u64).to_le_bytes());
        all.extend(*content);
    }
    all
}

/// The properties of an audio stream with this codec.
fn stream(tag: u16, flags: u16) -> Vec<u8> {
    let mut content = b"\x40\x9e\x69\xf8\x4d\x5b\xcf\x11\xa8\xfd\x00\x80\x5f\x5c\x44\x2b".to_vec();
    content.resize(48, 0);
    content.extend(flags.to_le_bytes());
    content.extend([0; 4]);
    content.extend(tag.to_le_bytes());
    content.resize(80, 0);
    content
}

#[test]
fn windows_media_is_named_by_its_codec_and_protection_is_seen() {
    const STREAM: &[u8] = b"\x91\x07\xdc\xb7\xb7\xa9\xcf\x11\x8e\xe6\x00\xc0\x0c\x20\x53\x65";
    const ENCRYPTION: &[u8] = b"\xfb\xb3\x11\x22\x23\xbd\xd2\x11\xb4\xb7\x00\xa0\xc9\x55\xfc\x6e";
    for (tag, name) in
        [(0x160, "WMA"), (0x161, "WMA"), (0x162, "WMA Pro"), (0x163, "WMA Lossless"), (10, "WMA Voice")]
    {
        assert_eq!(named(&asf(&[(b"another  object.", b"xyz"), (STREAM, &stream(tag, 1))])), by(name, "asf"));
    }
    assert_eq!(named(&asf(&[])), by("Windows Media", "asf"));
    let protected = Some(("Windows Media".to_owned(), Helper::Protected));
    assert_eq!(named(&asf(&[(STREAM, &stream(0x161, 1)), (ENCRYPTION, b"key")])), protected);
    assert_eq!(named(&asf(&[(STREAM, &stream(0x161, 0x8001))])), protected);
    // Lengths that lead nowhere end the look.
    let mut broken = asf(&[(b"another  object.", b"")]);
    for len in [0, 1, u64::MAX] {
        broken[46..54].copy_from_slice(&len.to_le_bytes());
        assert_eq!(named(&broken), by("Windows Media", "asf"));
    }
}

/// A page that begins a stream of Ogg.
fn page(packet: &[u8]) -> Vec<u8> {
    let mut page = b"OggS\0\x02".to_vec();
    page.extend([0; 20]);
    page.extend([1, packet.len() as u8]);
    page.extend(packet);
    page
}

#[test]
fn ogg_is_foreign_if_none_of_its_streams_is_ours() {
    let speex = page(b"Speex   1.2");
    assert_eq!(named(&speex), by("Speex", "ogg"));
    assert_eq!(named(&[page(b"fishead\0"), speex.clone()].concat()), by("Speex", "ogg"));
    assert_eq!(named(&[speex.clone(), page(b"\x01vorbis")].concat()), None);
    assert_eq!(named(&page(b"OpusHead")), None);
    for len in 0..speex.len() {
        // It ends wherever it is cut.
        let _ = named(&speex[..len]);
    }
}

#[test]
fn frames_must_follow_one_another() {
    let frame = |head: &[u8], len: usize| {
        let mut frame = head.to_vec();
        frame.resize(len, 0x55);
        frame
    };
    let three = |head: &[u8], len| frame(head, len).repeat(3);
    // 48 kHz, 192 kbit/s; 44.1 kHz with and without the additional word; E-AC-3 of 100 bytes.
    for (bytes, expected) in [
        (three(b"\x0b\x77\0\0\x14\x40", 768), by("AC-3", "ac3")),
        (three(b"\x0b\x77\0\0\x54\x40", 834), by("AC-3", "ac3")),
        (three(b"\x0b\x77\0\0\x55\x40", 836), by("AC-3", "ac3")),
        (three(b"\x0b\x77\0\x31\x3f\x80", 100), by("E-AC-3", "eac3")),
        (three(b"\x7f\xfe\x80\x01", 200), by("DTS", "dts")),
        (three(b"\xff\x1f\x00\xe8", 200), by("DTS", "dts")),
        (frame(b"\x56\xe0\x61", 100).repeat(5), by("AAC in LATM", "loas")),
        (frame(b"\xff\xf1\x10\x80\x08\x1f\xfc", 64).repeat(4), by("AAC Main profile", "aac")),
        (frame(b"\xff\xf1\xd0\x80\x08\x1f\xfc", 64).repeat(4), by("AAC LTP profile", "aac")),
        (frame(b"\xff\xf1\x50\x80\x08\x1f\xfc", 64).repeat(4), None),
        (frame(b"\x47\x40\x00\x10", 188).repeat(6), by("MPEG transport stream", "mpegts")),
        (frame(b"\x47\x40\x00\x10", 192).repeat(6), by("MPEG transport stream", "mpegts")),
        (
            [vec![0; 77], frame(b"\x47\x40\x00\x10", 188).repeat(6)].concat(),
            by("MPEG transport stream", "mpegts"),
        ),
    ] {
        let shown = bytes[..8].escape_ascii().to_string();
        assert_eq!(named(&bytes), expected, "{shown}");
        if expected.is_some() {
            assert_eq!(named(&bytes[..70]), None, "one frame proves nothing: {shown}");
        }
    }
    assert_eq!(named(&vec![b'G'; 5_000]), None, "text");
    assert_eq!(named(&vec![0; 5_000]), None);
}

fn file_with(content: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(content).unwrap();
    file
}

fn boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    [&(8 + content.len() as u32).to_be_bytes()[..], kind, content].concat()
}

/// A file of MP4 with a video track and an audio track with this codec.
fn mp4(code: &[u8; 4]) -> Vec<u8> {
    let track = |handler: &[u8; 4], code: &[u8; 4]| {
        let stsd = boxed(b"stsd", &[&[0, 0, 0, 0, 0, 0, 0, 1][..], &boxed(code, &[0; 28])].concat());
        // QuickTime has a handler of the data as well.
        let data = boxed(b"hdlr", b"\0\0\0\0dhlrurl ");
        let minf = boxed(b"minf", &[data, boxed(b"stbl", &stsd)].concat());
        let hdlr = boxed(b"hdlr", &[b"\0\0\0\0\0\0\0\0", &handler[..]].concat());
        boxed(b"trak", &boxed(b"mdia", &[hdlr, minf].concat()))
    };
    let moov = boxed(b"moov", &[track(b"vide", b"avc1"), track(b"soun", code)].concat());
    [boxed(b"ftyp", b"M4A \0\0\0\0"), boxed(b"mdat", &[7; 50]), moov].concat()
}

#[test]
fn the_codec_of_mp4_is_named_wherever_its_table_is() {
    let look = |code| named_of(&mp4(code), AudioError::NoAudioTrack);
    assert_eq!(look(b"ac-3"), Ok(by("AC-3", "mov").unwrap()));
    assert_eq!(look(b"xyz\x1b"), Ok(by("codec xyz?", "mov").unwrap()));
    for code in [b"drms", b"enca", b"aavd"] {
        let (_, helper) = look(code).unwrap();
        assert_eq!(helper, Helper::Protected);
        // Whatever the demuxer said of it.
        let said = named_of(&mp4(code), AudioError::Damaged("odd".into()));
        assert_eq!(said.map(|(_, helper)| helper), Ok(Helper::Protected));
    }
    let damaged = AudioError::Damaged("odd".into());
    assert_eq!(named_of(&mp4(b"ac-3"), damaged.clone()), Err(damaged));
    let whole = mp4(b"ac-3");
    for len in 0..whole.len() {
        let _ = named_of(&whole[..len], AudioError::NoAudioTrack);
    }
}

fn named_of(content: &[u8], refusal: AudioError) -> Result<(String, Helper), AudioError> {
    super::named(file_with(content), refusal).unwrap().map(|f| (f.name.into_owned(), f.use_of))
}

#[test]
fn the_name_of_the_codec_comes_before_the_words_of_a_demuxer() {
    let matroska = |codec: &[u8]| {
        [b"\x1a\x45\xdf\xa3 tracks \x86", &[0x80 | codec.len() as u8][..], codec, b" more"].concat()
    };
    let unknown = || AudioError::UnknownCodec("unknown".into());
    assert_eq!(named_of(&matroska(b"A_AC3"), unknown()), Ok(by("AC-3", "matroska").unwrap()));
    assert_eq!(named_of(&matroska(b"A_REAL/COOK"), unknown()), Ok(by("RealAudio", "matroska").unwrap()));
    let known = AudioError::UnknownCodec("DTS".into());
    assert_eq!(named_of(&matroska(b"A_AC3"), known), Ok(by("DTS", "matroska").unwrap()));
    let wav = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x31\0\x01\0\0\0\0\0";
    let said = AudioError::Unsupported("wav: unsupported wave format".into());
    assert_eq!(named_of(wav, said), Ok(by("GSM 6.10", "wav").unwrap()));
    // No container that refrain knows: nothing is made of it.
    let text = AudioError::UnknownFormat;
    assert_eq!(named_of(b"#EXTM3U\nhttp://x/y.ts\n", text.clone()), Err(text));
}

#[test]
fn aac_is_named_by_its_object_type() {
    for (config, name) in [
        (&[0x0a, 0x10][..], "AAC Main profile"),
        (&[0x22, 0x10], "AAC LTP profile"),
        (&[0x2b, 0x10], "HE-AAC"),
        (&[0xf9, 0x40], "xHE-AAC"),
        (&[0x12, 0x10], "AAC of this kind"),
        (&[], "AAC of this kind"),
    ] {
        assert_eq!(aac_name(config), name, "{config:?}");
    }
}
